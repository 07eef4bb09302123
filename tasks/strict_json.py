"""A strict JSON parser: unlike Python's own, it refuses NaN and infinities, which no amount may be."""

from __future__ import annotations

import json
from typing import Any


def loads(text: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError, also for NaN and infinities, or RecursionError.

    A number too large for a float, such as 1e400, is valid JSON and becomes an infinity. Refusing it here would spoil
    everything beside it.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")
