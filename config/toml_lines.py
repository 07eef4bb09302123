"""Finds the line of a TOML file on which a setting is written, so that a mistake can be shown there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\s\"'-]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=")
_LONG = re.compile(r'"""|\'\'\'')

Path = tuple[int | str, ...]


def line_of(text: str, path: Sequence[int | str]) -> int | None:
    """The number of the line, from 1, that writes the value at `path`, or else the closest table around it.

    `path` has the names of tables and keys, and the place of a table in a list of them, from 0. None if neither is in
    the file. Text over several lines is not searched for settings.
    """
    written = _written(text)
    return next((written[at] for end in range(len(path), 0, -1) if (at := tuple(path[:end])) in written), None)


def _written(text: str) -> dict[Path, int]:
    """The line of each table and key."""
    found: dict[Path, int] = {}
    tables: Counter[Path] = Counter()
    table: Path = ()
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        marks = len(_LONG.findall(line))
        if not inside:
            header, key = _HEADER.match(line), _KEY.match(line)
            if header is not None:
                table = _names(header[2])
                if header[1] == "[[":
                    found.setdefault(table, number)
                    tables[table] += 1
                    table = (*table, tables[table] - 1)
                found.setdefault(table, number)
            elif key is not None:
                found.setdefault((*table, *_names(key[1])), number)
        inside ^= marks % 2 == 1
    return found


def _names(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
