"""Cycles at each number of sessions show when workers are too few, and old ones are forgotten."""

from __future__ import annotations

import pytest

from fleet.earning.cycles import Cycle, CycleTimes

KERNEL_S, WAY_S = 0.1, 0.002


def seen(*, own: int, whole_s: float, waited_s: float, kernel_s: float = KERNEL_S, jobs: int = 20) -> Cycle:
    """The estimate after `jobs` cycles of `own` sessions, of which the first job of all found an idle worker."""
    times = CycleTimes()
    times.away(WAY_S)
    for number in range(jobs):
        times.add(whole_s, own=own, waited_s=waited_s, now=number * whole_s)
    return times.cycle(kernel_s=kernel_s, free_per_s=0.0)


def test_nothing_is_known_before_the_first_cycle() -> None:
    assert CycleTimes().cycle(kernel_s=0.0, free_per_s=0.0).seconds is None


def test_jobs_that_wait_for_each_other_show_that_workers_are_short() -> None:
    """Four miners on two processes: each job computes for 0.1 s, and waits 0.08 s for a process."""
    cycle = seen(own=4, whole_s=0.204, waited_s=0.082 + WAY_S)
    assert cycle.seconds == pytest.approx(0.204 - 0.082)
    assert cycle.workers_per_s == pytest.approx(4 / 0.204)


def test_a_short_queue_is_known_and_the_workers_are_not_yet_the_bottleneck() -> None:
    cycle = seen(own=3, whole_s=0.153, waited_s=0.031 + WAY_S)
    assert cycle.workers_per_s is None
    assert cycle.seconds == pytest.approx(0.153)
    assert cycle.queued_s == pytest.approx(0.031)


def test_one_job_alone_can_wait_for_no_other() -> None:
    """A slow machine brings the result late. With more miners, more jobs would be done."""
    cycle = seen(own=1, whole_s=0.5, waited_s=0.38)
    assert cycle.workers_per_s is None
    assert cycle.queued_s == 0
    assert cycle.seconds == pytest.approx(0.5)


def test_jobs_do_not_wait_for_each_other_while_hardly_any_is_computed() -> None:
    cycle = seen(own=4, whole_s=0.5, waited_s=0.38, kernel_s=0.005)
    assert (cycle.workers_per_s, cycle.queued_s) == (None, 0.0)


def test_a_few_cycles_show_no_queue() -> None:
    assert seen(own=4, whole_s=0.204, waited_s=0.084, jobs=4).workers_per_s is None


def test_workers_compute_the_jobs_that_come_without_a_fetch_too() -> None:
    times = CycleTimes()
    times.away(WAY_S)
    for number in range(20):
        times.add(1.0, own=4, waited_s=0.8, now=float(number))
    assert times.cycle(kernel_s=KERNEL_S, free_per_s=1.5).workers_per_s == pytest.approx(4 / 1.0 + 4 * 1.5)


def test_a_few_cycles_of_fewer_miners_do_not_count_beside_many() -> None:
    """While sessions open, jobs wait for each other as well, and too few of them end to show it."""
    times = CycleTimes()
    times.away(WAY_S)
    for number in range(4):
        times.add(0.3, own=3, waited_s=0.2 + WAY_S, now=float(number))
    for number in range(20):
        times.add(4.0, own=40, waited_s=3.88, now=4.0 + number)
    cycle = times.cycle(kernel_s=KERNEL_S, free_per_s=0.0)
    assert cycle.seconds == pytest.approx(0.12 + WAY_S)
    assert cycle.workers_per_s == pytest.approx(40 / 4.0)


def test_a_server_that_became_slow_is_not_taken_for_workers_that_are_short_for_long() -> None:
    times, now = CycleTimes(), 0.0
    for whole_s, own, until in ((0.1, 1, 60.0), (0.1, 2, 120.0), (1.6, 2, 600.0)):
        while now < until:
            times.add(whole_s, own=own, waited_s=0.0, now=now)
            now += whole_s / own
        if until == 120.0:
            assert times.cycle(kernel_s=0.02, free_per_s=0.0).workers_per_s is None
    cycle = times.cycle(kernel_s=0.02, free_per_s=0.0)
    assert cycle.workers_per_s is None
    assert cycle.seconds == pytest.approx(1.6)


def test_a_mean_is_that_of_the_last_one_or_two_minutes() -> None:
    times, now = CycleTimes(), 0.0
    for whole_s, until in ((1.0, 300.0), (0.1, 421.0)):
        while now < until:
            times.add(whole_s, own=1, waited_s=0.0, now=now)
            now += whole_s
    assert times.cycle(kernel_s=0.02, free_per_s=0.0).seconds == pytest.approx(0.1)
