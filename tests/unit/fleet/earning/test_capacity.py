"""How many jobs a number of sessions does: by its cycles, by the server's limit, or by the workers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.earning.capacity import Capacity

LIMITED = Capacity(requests_per_s=5000 / 60, heartbeat_s=30.0, cycle_s=0.12)


def test_few_sessions_do_a_job_a_cycle() -> None:
    assert LIMITED.pace(1).jobs == pytest.approx(1 / 0.12)


def test_many_sessions_share_what_the_limit_leaves_beside_their_heartbeats() -> None:
    assert LIMITED.pace(60).jobs * 60 == pytest.approx((5000 - 120) / 2)


def test_the_limit_is_full_at_the_first_number_that_waits_for_it() -> None:
    full = LIMITED.full_at()
    assert full == 5
    assert LIMITED.pace(4).fetched == pytest.approx(4 / 0.12)
    assert LIMITED.pace(5).fetched < 5 / 0.12 + 1e-9


def test_free_jobs_take_one_request_each() -> None:
    paced = replace(LIMITED, free_per_beat=1.0, requests_per_s=2.0).pace(30)
    assert (paced.beats, paced.free, paced.fetched) == pytest.approx((1.0, 1.0, 0.0))


def test_jobs_that_are_submitted_twice_take_three_requests() -> None:
    paced = replace(LIMITED, submissions_per_job=2.0, requests_per_s=3.1, heartbeat_s=10.0).pace(1)
    assert paced.fetched == pytest.approx(1.0)


def test_workers_that_are_short_bound_the_pace() -> None:
    assert replace(LIMITED, workers_per_s=7.0).pace(60).jobs == pytest.approx(7.0)


def test_workers_are_short_only_where_they_bound_the_pace() -> None:
    short = replace(LIMITED, workers_per_s=7.0)
    assert short.short_of_workers(60)
    assert not replace(short, requests_per_s=1.0).short_of_workers(60)
    assert not replace(short, cycle_s=10.0).short_of_workers(60)
    assert not LIMITED.short_of_workers(60)


def test_a_limit_keeps_as_many_sessions_as_leave_room_for_jobs() -> None:
    assert replace(LIMITED, requests_per_s=200 / 60).most == 50
