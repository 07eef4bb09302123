"""The governor keeps a server's limit, starves no heartbeat, and learns from refusals without being crippled by one."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.budget import Governor
from fleet.calls import Urgency


def governor(requests: int = 100, miners: int = 10) -> Governor:
    return Governor(requests=requests, window_s=60.0, miners=miners, heartbeat_s=30.0)


class Window:
    """A server's sliding window: what it refuses does not count."""

    def __init__(self, limit: int, *, used: int = 0, now: float = 0.0) -> None:
        self.limit = limit
        self._times = deque([now] * used)
        self.refused = 0

    def admits(self, now: float) -> bool:
        while self._times and self._times[0] <= now - 60.0:
            self._times.popleft()
        if len(self._times) >= self.limit:
            self.refused += 1
            return False
        self._times.append(now)
        return True


def drive(mine: Governor, server: Window, *, start: float, end: float, urgency: Urgency = Urgency.SUBMISSION) -> int:
    """Send as fast as the governor lets; how many requests were served."""
    now, served = start, 0
    while True:
        now = max(now + 0.01, mine.free_at(urgency, 0, now))
        if now >= end:
            return served
        if mine.free_at(urgency, 0, now) > now:
            continue
        mine.sent(now)
        if server.admits(now):
            mine.answered()
            served += 1
        else:
            mine.rate_limited(None, now)


@given(
    wishes=st.lists(
        st.tuples(st.floats(0, 20), st.sampled_from(Urgency), st.integers(0, 40)), min_size=1, max_size=300
    ),
    limit=st.integers(1, 50),
)
def test_no_schedule_of_wishes_exceeds_the_limit_in_any_window(
    wishes: list[tuple[float, Urgency, int]], limit: int
) -> None:
    mine, server, now = governor(limit), Window(limit), 0.0
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
        mine.rate_limited(None, now)
    for _ in range(300):
        free_at = mine.free_at(urgency, reserve, now)
        if free_at <= now:
            return
        now = free_at
    pytest.fail(f"{urgency} is still held back at {now}")


def test_fetches_leave_room_for_every_heartbeat_and_every_submission_that_is_coming() -> None:
    mine, now = governor(100, miners=10), 1.0
    while mine.free_at(Urgency.FETCH, 30, now) <= now:
        mine.sent(now)
    assert mine.used(now) == 100 - 20 - 30
    for _ in range(50):
        assert mine.free_at(Urgency.HEARTBEAT, 0, now) <= now
        mine.sent(now)


def test_a_lower_limit_than_believed_is_learnt_and_then_kept() -> None:
    mine, server = governor(100), Window(60)
    drive(mine, server, start=1.0, end=300.0)
    learnt_at, server.refused = mine.limit, 0
    served = drive(mine, server, start=300.0, end=900.0)
    assert 55 <= learnt_at <= 65
    assert served >= 0.85 * 600
    assert server.refused <= 20


def test_a_coordinator_that_starts_again_at_full_load_is_back_at_its_pace_after_one_window() -> None:
    mine, server = governor(100), Window(100, used=100, now=0.0)
    drive(mine, server, start=1.0, end=70.0)
    assert server.refused > 0
    assert mine.limit == 100


def test_one_stray_refusal_costs_no_more_than_half_of_the_limit() -> None:
    mine = governor(100)
    mine.sent(0.0)
    mine.answered()
    mine.sent(200.0)
    mine.rate_limited(None, 200.0)
    assert mine.limit == 50


def test_pauses_grow_with_refusals_in_a_row_and_never_beyond_a_window() -> None:
    mine, now, pauses = governor(100), 0.0, []
    for _ in range(10):
        mine.sent(now)
        mine.rate_limited(None, now)
        until = mine.free_at(Urgency.HEARTBEAT, 0, now)
        pauses.append(until - now)
        now = until
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert max(pauses) <= 60.1


def test_a_server_that_says_how_long_to_wait_is_not_asked_before() -> None:
    mine = governor(100)
    mine.sent(10.0)
    mine.rate_limited(25.0, 10.0)
    assert mine.free_at(Urgency.HEARTBEAT, 0, 10.0) == 35.0
    assert mine.free_at(Urgency.HEARTBEAT, 0, 35.0) == 35.0
