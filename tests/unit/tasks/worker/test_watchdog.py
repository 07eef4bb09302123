"""When a worker that lives has to be started anew, and when it must be left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from tasks.worker.watchdog import PATIENCE, PERIOD_S, Snapshot, StallDetector

LIMIT_S = 30.0
#: snapshots that a job at hand adds to the patience
HOLDING = int(LIMIT_S / PERIOD_S)


def snapshots(
    count: int, *, waiting: int | None = 0, beats: bool = True, begun: bool = False, held: int = 0
) -> Iterator[Snapshot]:
    """`count` snapshots at a worker whose loop beats, or not, and which begins jobs, or not."""
    for number in range(count):
        yield Snapshot(waiting=waiting, beats=number if beats else 0, begun=number if begun else 0, held=held)


def first_verdict(seen: Iterable[Snapshot]) -> tuple[int, str] | None:
    """After how many snapshots beyond the first the worker has to end, and why."""
    detector = StallDetector(LIMIT_S)
    verdicts = ((number, detector.verdict(snapshot)) for number, snapshot in enumerate(seen))
    return next(((number, reason) for number, reason in verdicts if reason is not None), None)


@pytest.mark.parametrize(
    ("seen", "after", "reason"),
    [
        (snapshots(99, beats=False), PATIENCE, "loop has hung for 60 s"),
        (snapshots(99, beats=False, held=1, waiting=5), PATIENCE, "loop has hung for 60 s"),
        (snapshots(99, waiting=7), PATIENCE, "no job was begun for 60 s, though 7 wait in the queue"),
        (snapshots(99, waiting=7, held=2), PATIENCE + HOLDING, "no job was begun for 90 s"),
    ],
    ids=["still", "still at work", "deaf", "stuck with jobs at hand"],
)
def test_a_worker_without_progress_has_to_end(seen: Iterator[Snapshot], after: int, reason: str) -> None:
    verdict = first_verdict(seen)
    assert verdict is not None
    assert verdict[0] == after
    assert reason in verdict[1]


@pytest.mark.parametrize(
    "seen",
    [
        snapshots(99),
        snapshots(99, waiting=500, begun=True, held=2),
        snapshots(PATIENCE + HOLDING, waiting=500, held=1),
        snapshots(99, waiting=None, beats=False),
        snapshots(99, waiting=None, beats=False, held=2),
    ],
    ids=["idle", "at work", "in a job up to its time limit", "Redis away", "Redis away with a job at hand"],
)
def test_a_worker_that_works_waits_or_misses_redis_is_left_alone(seen: Iterator[Snapshot]) -> None:
    assert first_verdict(seen) is None


def test_what_was_seen_before_redis_went_away_does_not_count_once_it_is_back() -> None:
    before, after = snapshots(PATIENCE, beats=False, waiting=3), snapshots(PATIENCE - 1, beats=False, waiting=3)
    assert first_verdict([*before, *snapshots(3, waiting=None, beats=False), *after]) is None


def test_one_beat_and_one_job_in_time_are_enough() -> None:
    detector = StallDetector(LIMIT_S)
    seen = [
        Snapshot(waiting=9, beats=number // (PATIENCE - 1), begun=number // (PATIENCE - 1), held=0)
        for number in range(99)
    ]
    assert [detector.verdict(snapshot) for snapshot in seen] == [None] * len(seen)
