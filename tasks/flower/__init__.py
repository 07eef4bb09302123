"""Flower with sanitized events: its start, its pages, its password check."""
