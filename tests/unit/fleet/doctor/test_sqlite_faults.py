"""SQLite's releases and the faults that they have."""

from __future__ import annotations

import pytest

from fleet.doctor.diagnosis import Grade
from fleet.doctor.sqlite_faults import WAL_RESET, judged_sqlite


@pytest.mark.parametrize(
    ("version", "concerned"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 3), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_the_fault_ends_with_a_release_or_with_the_patch_of_an_older_line(
    version: tuple[int, int, int], concerned: bool
) -> None:
    assert WAL_RESET.concerns(version) is concerned
    assert (WAL_RESET.name in judged_sqlite(version).found) is (concerned and version >= (3, 27, 0))


def test_a_release_that_can_not_copy_a_ledger_is_a_fault() -> None:
    assert judged_sqlite((3, 26, 0)).grade is Grade.FAIL


def test_a_release_with_the_fault_is_a_warning_that_says_what_to_do() -> None:
    found = judged_sqlite((3, 40, 1))
    assert found.grade is Grade.WARN
    assert "let only the coordinator write" in found.advice
    assert judged_sqlite((3, 51, 3)).grade is Grade.OK
