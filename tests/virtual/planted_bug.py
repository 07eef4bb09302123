"""What a deliberate bug replaces, and the seed that finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Planted:
    """One bug: the function it replaces, and the seed that finds it."""

    name: str
    owner: type
    attribute: str
    bug: Any
    #: the first such seed, found by `python -m tests.virtual.planted`
    seed: int
    #: whether the seed's plan has a second server, and whatever else was added to plans later
    later: bool = False
