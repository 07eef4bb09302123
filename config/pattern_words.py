"""Says in words which texts a pattern of a setting allows. Pure."""

from __future__ import annotations

import re

_CLASS = re.compile(r"\^(\[[^\]]+\]|\\S)\{1,(\d+)\}\$")
_RANGES = {"A-Za-z": "letters from A to Z", "0-9": "digits"}


def in_words(pattern: str) -> str:
    """What a text must be: for a class of characters in words, for another pattern by the pattern itself."""
    match = _CLASS.fullmatch(pattern)
    if match is None:
        return f"must match the pattern {pattern}"
    chars, most = match.groups()
    if chars == r"\S":
        return f"must be 1 to {most} characters without spaces"
    rest, names = chars[1:-1], list[str]()
    for marks, name in _RANGES.items():
        if marks in rest:
            names.append(name)
            rest = rest.replace(marks, "")
    *first, last = [*names, *map(repr, rest)]
    return f"must be 1 to {most} {', '.join(first)} and {last}" if first else f"must be 1 to {most} {last}"
