"""Work is counted by name, for a bounded number of names."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.status.tallies import OTHER, WorkTally

ONE = Decimal("0.1")


def test_attempts_and_payments_of_a_name_stand_in_one_row() -> None:
    tally = WorkTally(8, 0.0)
    tally.ended("a", computed=1, failed=0, kernel_ms=1500.0, now=1.0, now_ms=1000)
    tally.ended("a", computed=0, failed=1, kernel_ms=0.0, now=2.0, now_ms=2000)
    tally.paid("a", 1, ONE, 3.0)
    (row,) = tally.rows(4.0)
    assert (row.computed, row.failed, row.recent_jobs, row.recent, row.last_ms) == (1, 1, 1, ONE, 2000)
    assert row.recent_kernel_s == 1.5
    (row,) = tally.rows(4000.0)
    assert (row.computed, row.recent_jobs, row.recent, row.recent_kernel_s) == (1, 0, ZERO, 0.0)


def test_a_host_that_states_free_slots_has_a_row_before_its_first_job_up_to_the_most() -> None:
    tally = WorkTally(3, 0.0)
    tally.paid("shed", 1, ONE, 1.0)
    free = {row.name: row.free_slots for row in tally.rows(2.0, {"attic": 2, "barn": 0, "cellar": 8})}
    assert free == {"attic": 2, "barn": 0, "shed": None}
    assert [row.name for row in tally.rows(3.0)] == ["shed"], "a host that no longer states any is forgotten"


def test_names_past_the_most_count_as_one() -> None:
    tally = WorkTally(2, 0.0)
    for number in range(50):
        tally.paid(f"invented-{number}", 1, ONE, 1.0)
    assert {row.name: row.recent_jobs for row in tally.rows(2.0)} == {"invented-0": 1, "invented-1": 1, OTHER: 48}
