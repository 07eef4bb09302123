"""The governor learns limit and window from refusals, and is not crippled by one."""

from __future__ import annotations

import pytest

from fleet.ratelimit.governor import Governor
from tests.support.metered import Metered, Window


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
