"""Reads a server's JSON although some values in it are invalid, and marks each invalid value in place. Pure.

Python's JSON reader rejects a whole answer for one integer of 5,000 digits, one bad byte or one value nested too deep.
It accepts NaN, which is not JSON.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

#: integers with more digits are marked; Python reads up to 4,300 digits
_MOST_DIGITS = 4_000
#: values nested deeper are left out; a job's data may not be nested nearly as deep
_MOST_LEVELS = 64

#: how `read` decodes a byte that is not UTF-8; other lone surrogates can be passed on as JSON
_BAD_BYTE = re.compile("[\udc80-\udcff]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Flaw:
    """Placeholder for a value that is not valid JSON."""

    what: str

    def __repr__(self) -> str:
        return self.what


def read(body: bytes) -> Any:
    """The parsed body with its flaws marked. Raises ValueError or RecursionError if it is not JSON apart from them."""
    text = body.decode("utf-8-sig", "surrogateescape")
    return json.loads(_shallow(text), parse_constant=Flaw, parse_int=_integer)


def flaw_of(value: Any) -> str:
    """A description of the first item in `value` that can't be passed on as JSON, empty if there is none."""
    boxes = [value]
    while boxes:
        box = boxes.pop()
        items = [*box.keys(), *box.values()] if isinstance(box, dict) else box if isinstance(box, list) else [box]
        for item in items:
            if isinstance(item, dict | list):
                boxes.append(item)
            elif said := _flaw(item):
                return said
    return ""


def _flaw(item: Any) -> str:
    if isinstance(item, Flaw):
        return item.what
    if isinstance(item, float) and not math.isfinite(item):
        return "a number that no float holds"
    if isinstance(item, str) and not item.isascii() and _BAD_BYTE.search(item):
        return "bytes that are not UTF-8"
    return ""


def _integer(digits: str) -> int | Flaw:
    return int(digits) if len(digits) <= _MOST_DIGITS else Flaw(f"an integer of {len(digits)} digits")


def _shallow(text: str) -> str:
    """The text with `null` in place of values nested too deep."""
    parts, kept_to, level = [], 0, 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in {"[", "{"}:
            level += 1
            if level == _MOST_LEVELS + 1:
                parts += [text[kept_to : token.start()], "null"]
        elif sign in {"]", "}"}:
            if level == _MOST_LEVELS + 1:
                kept_to = token.end()
            level -= 1
    # an unclosed bracket is not JSON, and the parser says so
    return text if level else "".join([*parts, text[kept_to:]])
