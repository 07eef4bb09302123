"""The governor keeps a server's limit, starves no heartbeat, and learns from refusals without being crippled by one."""

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


@pytest.mark.parametrize(
    ("stated", "limit", "window_s"),
    [((5000, 60.0), 500, 10.0), ((10**6, 60.0), 1000, 60.0), ((1000, 60.0), 1000, 60.0), ((500, 10.0), 300, 10.0)],
    ids=["lower and shorter", "unknown", "as told", "lower"],
)
def test_limit_and_window_that_nobody_told_are_learnt_within_a_window(
    stated: tuple[int, float], limit: int, window_s: float
) -> None:
    mine = Governor(requests=stated[0], window_s=stated[1], miners=30, heartbeat_s=30.0)
    server = Window(limit, window_s)
    windows = 8
    end_s = (2 + windows) * window_s
    traffic = Metered(mine, server, miners=30).run(end_s)
    assert traffic.share(server, 2 * window_s, end_s) > 0.97
    assert sum(moment > 2 * window_s for moment in traffic.refused) <= windows, "one a window at most"
    late = [late_s for due_at, late_s in traffic.heartbeats if due_at > 3 * window_s]
    assert max(late) < 2.5
    assert max(traffic.jobs) <= 1.1 * min(traffic.jobs) + 1


@pytest.mark.parametrize(("limit", "window_s"), [(500, 10.0), (5000, 60.0)])
@pytest.mark.parametrize("seed", range(3))
def test_heartbeats_of_sessions_that_were_opened_together_find_room_and_all_of_the_limit_is_used(
    limit: int, window_s: float, seed: int
) -> None:
    mine = Governor(requests=10**7, window_s=60.0, miners=100, heartbeat_s=30.0)
    server, end_s = Window(limit, window_s), 6 * 60.0
    traffic = Metered(mine, server, miners=100, together=True, seed=seed).run(end_s)
    late = [late_s for due_at, late_s in traffic.heartbeats if due_at > 60.0]
    assert len(late) >= 100 * 8
    assert max(late) < 1.0
    assert traffic.share(server, 120.0, end_s) > 0.97
    assert max(traffic.jobs) <= 1.1 * min(traffic.jobs) + 1


@pytest.mark.parametrize(("limit", "window_s"), [(500, 10.0), (5000, 60.0)])
@pytest.mark.parametrize("seed", range(3))
def test_requests_that_leave_late_do_not_hide_the_window_of_a_server(limit: int, window_s: float, seed: int) -> None:
    mine = Governor(requests=10**7, window_s=60.0, miners=100, heartbeat_s=30.0)
    farm = Metered(mine, Window(limit, window_s), miners=100, late_s=0.2, seed=seed)
    farm.run(1.2 * window_s + 5.0)
    assert mine.window_s == window_s
    assert mine.limit == pytest.approx(limit, rel=0.03)


def test_a_limit_that_falls_is_kept_after_a_few_refusals_and_used_again_when_it_rises() -> None:
    mine = Governor(requests=500, window_s=60.0, miners=10, heartbeat_s=30.0)
    server = Window(500, 60.0)
    farm = Metered(mine, server, miners=10)
    farm.change(120.0, 300)
    farm.change(1200.0, 500)
    traffic = farm.run(2400.0)
    assert sum(600.0 <= moment < 1200.0 for moment in traffic.served) > 0.9 * 300 * 10
    assert sum(600.0 <= moment < 1200.0 for moment in traffic.refused) <= 20
    assert traffic.share(server, 1800.0, 2400.0) > 0.95


def test_what_another_program_behind_the_same_address_takes_is_left_to_it_and_used_when_it_has_gone() -> None:
    mine = Governor(requests=200, window_s=10.0, miners=20, heartbeat_s=30.0)
    server = Window(200, 10.0)
    farm = Metered(mine, server, miners=20)
    farm.other_program(100.0, 300.0, every_s=0.125)
    traffic = farm.run(500.0)
    shared = sum(140.0 <= moment < 300.0 for moment in traffic.served) / 160
    assert 0.85 * 12 < shared < 1.25 * 12, "it takes 8 of the 20 requests a second"
    assert traffic.share(server, 400.0, 500.0) > 0.97


def test_a_coordinator_that_starts_again_at_full_load_is_back_at_its_pace_after_one_window() -> None:
    mine = Governor(requests=100, window_s=60.0, miners=2, heartbeat_s=30.0, carried_s=60.0)
    traffic = Metered(mine, Window(100, 60.0, used=100), miners=2).run(70.0)
    assert traffic.refused
    assert mine.limit == 100


def test_a_server_that_refuses_for_another_reason_is_asked_ever_more_rarely_and_used_again_afterwards() -> None:
    mine = Governor(requests=500, window_s=10.0, miners=10, heartbeat_s=30.0)
    server = Window(500, 10.0)
    farm = Metered(mine, server, miners=10)
    farm.change(60.0, 0)
    farm.change(360.0, 500)
    traffic = farm.run(900.0)
    assert sum(60.0 <= moment < 360.0 for moment in traffic.refused) < 60
    assert traffic.share(server, 600.0, 900.0) > 0.95


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


def test_what_an_earlier_coordinator_learnt_and_spent_keeps_a_start_from_refusals_and_late_heartbeats() -> None:
    """A limit of 600 where the settings say 5,000; the one before was killed in the middle of a full window."""
    server = Window(600, 60.0)
    before = Governor(requests=5000, window_s=60.0, miners=8, heartbeat_s=30.0)
    first = Metered(before, server, miners=8).run(400.0)
    reported = before.learnt()
    assert reported is not None
    assert reported.window_s == 60.0
    assert 570 <= reported.requests <= 605
    assert before.learnt() is None, "it is said once"
    again = Governor(
        requests=5000,
        window_s=60.0,
        miners=8,
        heartbeat_s=30.0,
        carried_s=60.0,
        learnt=reported,
        spent=[at - 400.0 for at in first.served if at > 340.0],
    )
    later = Window(600, 60.0)
    for at in first.served:
        if at > 340.0:
            later.admits(at - 400.0)
    traffic = Metered(again, later, miners=8, together=False).run(240.0)
    assert len(traffic.refused) <= 2
    assert max(late_s for _, late_s in traffic.heartbeats) < 6.0, "a start that knows nothing is 50 s late"
    assert traffic.share(later, 60.0, 240.0) > 0.97


def test_the_opening_of_a_farm_holds_its_first_jobs_up_for_a_moment_only() -> None:
    mine = Governor(requests=90, window_s=20.0, miners=10, heartbeat_s=30.0)
    for _ in range(10):
        mine.sent(0.0, CallKind.REGISTER)
        mine.sent(0.0, CallKind.START_SESSION)
    assert mine.free_at(Urgency.FETCH, 0, 0.1) <= 0.6
