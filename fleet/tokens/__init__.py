"""Tokens that let programs and people use the farm's HTTP API."""
