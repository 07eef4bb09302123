"""JSON as the standard has it: Python's own reader takes NaN and infinities as well, which no amount may be."""

from __future__ import annotations

import json
from typing import Any


def loads(text: bytes | str) -> Any:
    """The value of a JSON text; raises ValueError, NaN and infinities included, or RecursionError.

    A number that no float holds, such as 1e400, is JSON and comes out as an infinity: refused here, it would spoil all
    that stands beside it.
    """
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
