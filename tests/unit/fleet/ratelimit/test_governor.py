"""The governor keeps a server's limit and starves no heartbeat."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.domain.calls import CallKind, Urgency
from fleet.ratelimit.governor import Governor
from tests.support.metered import Metered, Window


def governor(requests: int = 100, miners: int = 10) -> Governor:
    return Governor(requests=requests, window_s=60.0, miners=miners, heartbeat_s=30.0)


@given(
    wishes=st.lists(
        st.tuples(st.floats(0, 20), st.sampled_from(Urgency), st.integers(0, 40)), min_size=1, max_size=300
    ),
    limit=st.integers(1, 50),
)
def test_no_schedule_of_wishes_exceeds_the_limit_in_any_window(
    wishes: list[tuple[float, Urgency, int]], limit: int
) -> None:
    mine, server, now = governor(limit), Window(limit, 60.0), 0.0
    for wait_s, urgency, reserve in wishes:
        now += wait_s
        if mine.free_at(urgency, reserve, now) <= now:
            mine.sent(now)
            assert server.admits(now)


@given(
    sent=st.lists(st.floats(0, 3), max_size=200),
    limit=st.integers(1, 50),
    urgency=st.sampled_from(Urgency),
    reserve=st.integers(0, 100),
    refused=st.booleans(),
)
def test_whoever_waits_until_the_promised_time_gets_through_in_the_end(
    sent: list[float], limit: int, urgency: Urgency, reserve: int, refused: bool
) -> None:
    mine, now = governor(limit), 0.0
    for wait_s in sent:
        now += wait_s
        mine.sent(now)
    if refused:
        mine.rate_limited(None, now, now)
    for _ in range(300):
        free_at = mine.free_at(urgency, reserve, now)
        if free_at <= now:
            return
        now = free_at
    pytest.fail(f"{urgency} is still held back at {now}")


def test_sessions_whose_heartbeats_fill_the_window_are_opened_little_by_little() -> None:
    few, many = governor(100, miners=10), governor(100, miners=50)
    for mine, at_once in ((few, 80), (many, 10)):
        opened = 0
        while mine.free_at(Urgency.OPENING, 0, 0.0) <= 0.0:
            mine.sent(0.0)
            opened += 1
        assert opened == at_once
    assert 6.0 <= many.free_at(Urgency.OPENING, 0, 0.0) <= 6.1, "the next part of the window"


def test_fetches_leave_room_for_every_submission_and_the_heartbeats_that_are_due() -> None:
    mine, now = governor(100, miners=10), 0.0
    while now < 59.0:
        now += 0.1
        while mine.free_at(Urgency.FETCH, 30, now) <= now:
            mine.sent(now, CallKind.START_SESSION if mine.total < 2 else None)
        if 30.0 <= now < 30.1:
            mine.sent(now, CallKind.HEARTBEAT)
            mine.sent(now, CallKind.HEARTBEAT)
    assert mine.used(now) == 100 - 30
    for _ in range(30):
        assert mine.free_at(Urgency.SUBMISSION, 0, now) <= now
        mine.sent(now)
    for _ in range(2):
        assert mine.free_at(Urgency.HEARTBEAT, 0, 60.5) <= 60.5, "requests of the first second count no more"
        mine.sent(60.5, CallKind.HEARTBEAT)


def test_a_submission_of_a_job_that_came_free_does_not_take_the_room_of_a_heartbeat_that_is_due_soon() -> None:
    mine = Governor(requests=100, window_s=10.0, miners=50, heartbeat_s=30.0)
    for number in range(50):
        mine.sent(number * 0.01, CallKind.START_SESSION)
    for number in range(50):
        mine.sent(25.0 + number * 0.01)
    assert mine.free_at(Urgency.SUBMISSION, 0, 30.0) > 30.0, "all that is left is for the heartbeats"
    for number in range(50):
        now = 30.0 + number * 0.01
        assert mine.free_at(Urgency.HEARTBEAT, 0, now) <= now
        mine.sent(now, CallKind.HEARTBEAT)
    assert mine.free_at(Urgency.SUBMISSION, 0, 36.0) == 36.0


def test_fetches_are_spread_over_the_window_so_that_no_burst_has_to_end_before_a_heartbeat_can_be_sent() -> None:
    mine = governor(1000)
    burst = 0
    while mine.free_at(Urgency.FETCH, 0, 5.0) <= 5.0:
        mine.sent(5.0)
        burst += 1
    assert burst == 30, "three percent of the limit"
    assert 5.0 < mine.free_at(Urgency.FETCH, 0, 5.0) <= 5.1
    assert mine.free_at(Urgency.HEARTBEAT, 0, 5.0) == 5.0


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(("limit", "miners"), [(5000, 100), (600, 60), (600, 8), (200, 4)])
def test_a_farm_that_uses_the_whole_limit_stands_still_for_no_tenth_of_a_window(
    limit: int, miners: int, *, together: bool
) -> None:
    mine = Governor(requests=limit, window_s=60.0, miners=miners, heartbeat_s=30.0)
    server = Window(limit, 60.0)
    traffic = Metered(mine, server, miners=miners, together=together).run(360.0)
    gaps = [later - earlier for earlier, later in pairwise(traffic.served)]
    assert max(gaps) < 6.0
    assert traffic.share(server, 60.0, 360.0) > 0.98
    assert traffic.refused == []


def test_how_many_more_miners_would_fit_follows_from_what_these_use() -> None:
    mine = governor(100, miners=10)
    assert mine.more_miners(0.0) == 0
    for number in range(40):
        mine.sent(1.5 * number)
    assert mine.more_miners(60.0) == 15


def test_how_many_more_miners_would_fit_is_known_before_the_first_window_is_over() -> None:
    mine = governor(100, miners=10)
    for number in range(10):
        mine.sent(1.5 * number)
    assert mine.more_miners(15.0) == 15
    for _ in range(20):
        mine.sent(15.0)
    assert mine.more_miners(15.0) == 0


def test_a_pause_that_the_server_did_not_ask_for_grows_up_to_a_minute() -> None:
    mine = Governor(requests=100, window_s=60.0, miners=10, heartbeat_s=30.0, carried_s=1e6)
    now, pauses = 0.0, []
    for _ in range(10):
        mine.sent(now)
        mine.rate_limited(None, now, now)
        until = mine.free_at(Urgency.HEARTBEAT, 0, now)
        pauses.append(until - now)
        now = until
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(pauses) == 60.0


def test_a_server_that_says_how_long_to_wait_is_not_asked_before() -> None:
    mine = governor(100)
    mine.sent(10.0)
    mine.rate_limited(25.0, 10.0, 10.0)
    assert mine.free_at(Urgency.HEARTBEAT, 0, 10.0) == 35.0
    assert mine.free_at(Urgency.HEARTBEAT, 0, 35.0) == 35.0


def test_the_opening_of_a_farm_holds_its_first_jobs_up_for_a_moment_only() -> None:
    mine = Governor(requests=90, window_s=20.0, miners=10, heartbeat_s=30.0)
    for _ in range(10):
        mine.sent(0.0, CallKind.REGISTER)
        mine.sent(0.0, CallKind.START_SESSION)
    assert mine.free_at(Urgency.FETCH, 0, 0.1) <= 0.6
