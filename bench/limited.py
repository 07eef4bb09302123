"""The parts in which a server's limit, not the machine, holds the farm back.

    python -m bench budget sessions

Both budgets and the 2,500 miners are measured at the same time: together they leave half of two cores idle, and each
has its own server, Redis and workers. The 10,000 miners have the machine alone.
"""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path

from bench import budget as budgets
from bench import sessions as crowds
from bench.processes import start
from bench.rows import Row

_PATIENCE_S = 600.0


def budget() -> list[Row]:
    """What the fleet makes of two limits that it isn't told."""
    return _at_once()[0]


def sessions() -> list[Row]:
    """What thousands of miners cost, and how late their heartbeats are."""
    alone = crowds.CROWDS[1]
    return [*_at_once()[1], *crowds.rows_of(alone, crowds.figures_of(alone))]


@cache
def _at_once() -> tuple[list[Row], list[Row]]:
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as name:
        crowd = start("crowd", ["bench.sessions", "0"], Path(name))
        try:
            rows = budgets.budget()
            if crowd.wait(_PATIENCE_S):
                raise RuntimeError(crowd.tail())
            figures: dict[str, float] = json.loads((Path(name) / "crowd.log").read_text())
        finally:
            crowd.stop(5.0)
    return rows, crowds.rows_of(crowds.CROWDS[0], figures)
