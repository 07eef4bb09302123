"""Heartbeats of a farm's first window: punctual under the stated limit, the first calls after a limit nobody stated."""

from __future__ import annotations

import pytest

from fleet.domain.calls import CallKind, Urgency
from fleet.ratelimit.governor import Governor
from tests.support.metered import Metered, Window

WINDOW_S, HEARTBEAT_S = 60.0, 30.0


def first_window(stated: int, limit: int, miners: int) -> tuple[Metered, list[float], list[float]]:
    """A farm after two and a half windows, and how late its heartbeats of the first window and those due later were."""
    governor = Governor(requests=stated, window_s=WINDOW_S, miners=miners, heartbeat_s=HEARTBEAT_S)
    farm = Metered(governor, Window(limit, WINDOW_S), miners=miners, together=True)
    beats = farm.run(2.5 * WINDOW_S).heartbeats
    return (
        farm,
        [late_s for due_at, late_s in beats if due_at < WINDOW_S],
        [late_s for due_at, late_s in beats if due_at > WINDOW_S + 1.0],
    )


@pytest.mark.parametrize(("limit", "miners"), [(5000, 100), (600, 60), (200, 4)])
def test_no_heartbeat_of_the_first_window_is_late_under_the_stated_limit(limit: int, miners: int) -> None:
    farm, first, later = first_window(limit, limit, miners)
    assert farm.traffic.refused == []
    assert len(first) >= miners
    assert max(first + later) < 1.0


@pytest.mark.parametrize(("stated", "holds_up"), [(10**7, False), (5000, True)])
def test_a_turn_full_of_requests_holds_up_an_opening_only_where_they_use_up_what_was_stated(
    stated: int, *, holds_up: bool
) -> None:
    governor = Governor(requests=stated, window_s=WINDOW_S, miners=200, heartbeat_s=HEARTBEAT_S)
    for kind in [CallKind.REGISTER] * 8 + [CallKind.SUBMIT] * 30:
        governor.sent(1.0, kind)
    assert (governor.free_at(Urgency.OPENING, 0, 1.0) > 1.0) is holds_up


@pytest.mark.parametrize(("stated", "limit", "miners"), [(10**7, 5000, 100), (5000, 1000, 30), (5000, 2500, 50)])
def test_heartbeats_are_the_first_calls_once_an_unknown_limit_has_room_again_and_no_later_one_is_late(
    stated: int, limit: int, miners: int
) -> None:
    farm, first, later = first_window(stated, limit, miners)
    assert farm.traffic.refused, "the limit was learnt from refusals"
    assert len(first) == miners
    assert max(first) < WINDOW_S - HEARTBEAT_S + 1.0, "all of them wait for the end of the window, none for a fetch"
    assert max(later) < 1.0
