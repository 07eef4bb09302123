"""How many processes compute for a share of the CPU, and how long each rests."""

from __future__ import annotations

from random import Random

import pytest

from tasks.host.cpu_share import CpuShare, Rest

MOST_REST_S = 30.0


@pytest.mark.parametrize(
    ("percent", "cores", "processes"),
    [(50, 1, 1), (50, 2, 1), (50, 4, 2), (51, 4, 3), (10, 1, 1), (10, 64, 7), (100, 8, 8), (70, 10, 7), (25, 2, 1)],
)
def test_as_many_processes_compute_as_the_share_needs(percent: float, cores: int, processes: int) -> None:
    share = CpuShare(percent=percent, cores=cores)
    assert share.processes == processes
    assert share.each(processes) * processes == pytest.approx(cores * percent / 100)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("least_s", "most_s"), [(0.0005, 0.002), (0.01, 0.2), (0.2, 2.0)])
def test_over_many_jobs_the_share_is_kept(share: float, least_s: float, most_s: float) -> None:
    rng, cpu, now = Random(7), 0.0, 0.0
    rest = Rest(share, cpu=cpu, now=now, most_s=MOST_REST_S)
    for _ in range(3_000):
        took = rng.uniform(least_s, most_s)
        # another process may have the core meanwhile
        cpu, now = cpu + took, now + took * rng.uniform(1.0, 1.3)
        now += rest.due_s(cpu=cpu, now=now)
    used = cpu / now
    assert used <= share * 1.02
    assert used >= min(share, 1 / 1.15) * 0.98


def test_waiting_for_a_job_counts_as_rest_and_is_not_saved_up() -> None:
    rest = Rest(0.5, cpu=0.0, now=0.0, most_s=MOST_REST_S)
    assert rest.due_s(cpu=1.0, now=10.0) == 0.0, "it waited for longer than it computed"
    assert rest.due_s(cpu=3.0, now=12.0) == pytest.approx(1.6), "only a fifth of a second of CPU was saved up"


def test_a_rest_has_an_end_and_what_is_left_is_rested_later() -> None:
    rest = Rest(0.1, cpu=0.0, now=0.0, most_s=MOST_REST_S)
    assert rest.due_s(cpu=6.0, now=6.0) == MOST_REST_S
    assert rest.due_s(cpu=6.0, now=6.0 + MOST_REST_S) == pytest.approx(24.0)
