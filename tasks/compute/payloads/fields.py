"""Checks of single fields: each refuses with the field's path, what was seen and the bound.

Types are exact: a bool is no integer, and no string is read as a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.errors import PayloadError

_SHOWN_CHARACTERS = 60
_SHOWN_BITS = 64


def given(data: Mapping[str, object], field: str, default: object) -> Any:
    """The field's value as it came, or the default where it is absent or null.

    Typed Any on purpose: the payload's constructor is what checks it.
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
    """Refuse all but a list (or tuple) of `shortest..longest` items; the items are not looked at.

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
    """A stand-in for the value that is small and safe to print, whatever a server sent.

    `repr` of a 5,000-digit integer or of a list nested 100,000 deep raises, and an error keeps what it carries alive.
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
