"""Flower on plain events: its start, its pages, its password."""
