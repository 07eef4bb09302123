"""A watch of the ledger outlives a ledger that can't be used or is not in its place, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fleet.coordinator.steering.ledger_watch import ledger_watch
from fleet.errors import LedgerError, ThreadEnded
from fleet.threads import RepeatingThread


def watched(look: Callable[[], None], *, looks: int, there: Callable[[], bool] = lambda: True) -> RepeatingThread:
    """A watch that has ended after this many looks at the most."""
    pauses = iter([False] * looks + [True])
    thread = ledger_watch("controls", look, there=there, wait=lambda _: next(pauses))
    thread.start()
    thread.join()
    return thread


def test_a_ledger_that_cant_be_used_is_looked_at_again() -> None:
    looked: list[int] = []

    def look() -> None:
        looked.append(len(looked))
        raise LedgerError("the ledger can't be read")

    assert watched(look, looks=3).ending == "without an error"
    assert looked == [0, 1, 2]


def test_a_ledger_without_its_file_is_not_touched() -> None:
    looked: list[bool] = []
    in_place = iter([False, True, False])
    watched(lambda: looked.append(True), looks=3, there=lambda: next(in_place))
    assert looked == [True]


def test_any_other_error_ends_the_thread_and_so_the_coordinator() -> None:
    def look() -> None:
        raise ZeroDivisionError

    with pytest.raises(ThreadEnded, match="ZeroDivisionError"):
        watched(look, looks=3).check()
