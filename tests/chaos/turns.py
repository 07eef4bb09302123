"""Plays rows one after the other: one that can't be played is reported, and costs none of the later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from random import Random

from tests.chaos.acts import Havoc
from tests.chaos.audit import Auditor
from tests.chaos.farm import Farm, Setup
from tests.chaos.table import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One row of the table that remains to be played."""

    fault: str
    what: str
    setup: Setup
    #: plays the row on a running farm
    play: Callable[[Havoc], Row]


def rows_of(turns: Sequence[Turn], folder: Path, rng: Random) -> Iterator[Row]:
    """Yield the row of each turn, in order. Turns with the same setup share a farm until one of them fails."""
    for number, (setup, group) in enumerate(groupby(turns, lambda turn: turn.setup)):
        left = list(group)
        tries = 0
        while left:
            tries += 1
            try:
                with Farm(folder / f"farm-{number}-{tries}", setup) as farm:
                    havoc = Havoc(farm, Auditor(farm), rng)
                    while left:
                        row = left[0].play(havoc)
                        del left[0]
                        yield row
            except Exception as exc:  # noqa: BLE001 - what a missing part or a broken farm raises is this row's flaw
                if not left:
                    yield Row(fault="", what="a farm's end", flaws=[_said(exc)])
                    continue
                turn = left.pop(0)
                yield Row(fault=turn.fault, what=turn.what, note="not played", flaws=[_said(exc)])


def _said(exc: Exception) -> str:
    return f"it could not be played: {type(exc).__name__}: {exc}"
