"""The results of a measurement: one row per figure with its target, and the tables of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum


class ImpossibleFigureError(Exception):
    """An impossible figure, so that whatever measured it is wrong, and perhaps its other figures, too."""


class Bound(Enum):
    """The side of its target on which a figure must be."""

    AT_MOST = "≤"
    AT_LEAST = "≥"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One figure."""

    part: str
    name: str
    #: the figure of each run, at least one
    runs: Sequence[float]
    unit: str
    #: None where there is no target
    target: float | None = None
    bound: Bound = Bound.AT_MOST
    #: the same figure of a peer, in words or in `unit`
    peer: str | float | None = None
    #: whether the lowest run counts, for figures that a busy machine can only increase
    quietest: bool = False
    #: upper limit for any run, e.g. 100 for a share in percent; the lower limit is always zero
    most: float = math.inf

    def __post_init__(self) -> None:
        for run in self.runs:
            # NaN fails every comparison
            if not 0 <= run <= self.most or run == math.inf:
                bound = "" if self.most == math.inf else f" to {_number(self.most)}"
                raise ImpossibleFigureError(
                    f"{self.part}, {self.name}: {run:g} {self.unit} can't be; possible is 0{bound}"
                )

    @property
    def value(self) -> float:
        """The median of the runs, or the lowest for `quietest`."""
        return min(self.runs) if self.quietest else statistics.median(self.runs)

    @property
    def spread(self) -> float | None:
        """The spread of the runs as a share of the value; None for one run.

        It is the distance between the quartiles, or between the extremes for fewer than five runs.
        """
        if len(self.runs) < 2 or not self.value:
            return None
        low, _, high = (
            statistics.quantiles(self.runs, n=4) if len(self.runs) > 4 else (min(self.runs), 0, max(self.runs))
        )
        return (high - low) / self.value

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value <= self.target if self.bound is Bound.AT_MOST else self.value >= self.target

    def stated(self) -> dict[str, object]:
        """The row as JSON values."""
        return {
            "part": self.part,
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "bound": self.bound.value,
            "reached": self.reached,
            "peer": self.peer,
            "spread": self.spread,
        }


#: marks between which a document takes the table
BEGIN, END = "<!-- begin: written by the bench -->", "<!-- end -->"

_HEADINGS = ("part", "figure", "reached", "to reach", "", "peer", "spread")


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned text."""
    return _aligned([_HEADINGS, *map(_cells, rows)])


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a table for a document."""
    lines = [_HEADINGS, ("---",) * len(_HEADINGS), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def inserted(document: str, text: str) -> str:
    """The document with `text` between its two marks, replacing the previous text.

    Raises ValueError when a mark is missing.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the document has no {BEGIN} … {END} to put the table between")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    target = "" if row.target is None else f"{row.bound.value} {_number(row.target)}"
    verdict = {None: "", True: "yes", False: "NO"}[row.reached]
    peer = row.peer if isinstance(row.peer, str) else "" if row.peer is None else _number(row.peer)
    spread = "" if row.spread is None else f"{row.spread:.0%}"
    return row.part, row.name, f"{_number(row.value)} {row.unit}", target, verdict, peer, spread


def _number(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
