"""Reads a list from one text, such as a variable: a JSON array, or parts separated by commas. Pure."""

from __future__ import annotations

import json


def split_list(value: object) -> object:
    """The list that a text names; any other value as it is. Raises ValueError for a text that begins as JSON only."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part for part in (one.strip() for one in value.split(",")) if part]
