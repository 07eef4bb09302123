"""The parts in which the server's limit, not the machine, is the bottleneck.

    python -m bench budget sessions

Both budgets and the 2,500 miners are measured at the same time: together they leave half of two cores idle, and each
has a separate server, Redis and workers. The 10,000 miners have the machine to themselves.
"""

from __future__ import annotations

from functools import cache

from bench import budget as budgets
from bench import sessions as crowds
from bench.processes import side_by_side
from bench.rows import Row


def budget() -> list[Row]:
    """Measure how the fleet uses two limits that it isn't given."""
    return _at_once()[0]


def sessions() -> list[Row]:
    """Measure the cost of thousands of miners, and the lateness of their heartbeats."""
    alone = crowds.CROWDS[1]
    return [*_at_once()[1], *crowds.rows_of(alone, crowds.figures_of(alone))]


@cache
def _at_once() -> tuple[list[Row], list[Row]]:
    crowd = crowds.CROWDS[0]
    with side_by_side() as pool:
        figures = pool.submit(crowds.figures_of, crowd)
        return budgets.budget(), crowds.rows_of(crowd, figures.result())
