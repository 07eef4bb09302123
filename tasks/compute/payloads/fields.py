"""Checks of single fields, whose errors state the field's path, its value and the bound.

Types are exact: a bool is not an integer, and a string is never read as a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.errors import PayloadError

_SHOWN_CHARACTERS = 60
_SHOWN_BITS = 64


def given(data: Mapping[str, object], field: str, default: object) -> Any:
    """The field's raw value, or the default where it is absent or null.

    Typed Any on purpose, since the payload's constructor checks it.
    """
    value = data.get(field)
    return default if value is None else value


def whole(field: str, value: object, low: int, high: int) -> None:
    """Refuse all but an integer in `low..high`.

    Raises:
        PayloadError: the value is of another type (bool and 8.0 included) or out of bounds.
    """
    if type(value) is not int or not low <= value <= high:
        raise PayloadError(field, seen(value), f"an integer in {low}..{high}")


def text(field: str, value: object, longest: int) -> None:
    """Refuse all but a string of at most `longest` characters.

    Raises:
        PayloadError: the value is of another type or longer.
    """
    if type(value) is not str or len(value) > longest:
        raise PayloadError(field, seen(value), f"a string of at most {longest} characters")


def amount(field: str, value: object, high: float) -> None:
    """Refuse all but a finite number in `0..high`.

    Raises:
        PayloadError: the value is of another type, NaN, infinite, negative or too large.
    """
    if type(value) not in (int, float) or not 0 <= value <= high:  # type: ignore[operator]  # narrowed by the tuple
        raise PayloadError(field, seen(value), f"a number in 0..{high:g}")


def sequence(field: str, value: object, shortest: int, longest: int) -> None:
    """Refuse all but a list (or tuple) of `shortest..longest` items, without checking the items.

    Raises:
        PayloadError: the value is of another type or length.
    """
    if type(value) not in (list, tuple) or not shortest <= len(value) <= longest:  # type: ignore[arg-type]
        raise PayloadError(field, seen(value), f"a list of {shortest}..{longest} items")


def record(field: str, value: object) -> None:
    """Refuse all but a JSON object.

    Raises:
        PayloadError: the value is of another type.
    """
    if not isinstance(value, Mapping):
        raise PayloadError(field, seen(value), "a JSON object")


def seen(value: object) -> object:
    """A small, printable stand-in for a value that a server sent.

    `repr` raises for a 5,000-digit integer or a list nested 100,000 deep, and an error keeps its value in memory.
    """
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _SHOWN_BITS else f"an integer of {value.bit_length()} bits"
    if isinstance(value, str):
        return value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}… ({len(value)} characters)"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)} items"
    if isinstance(value, Mapping):
        return f"an object of {len(value)} keys"
    return f"a value of type {type(value).__name__}"
