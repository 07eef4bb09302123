"""A ban of this address: nothing is sent until it is over, then one call, then few."""

from __future__ import annotations

import pytest

from fleet.coordinator.scheduling.ban import Ban
from fleet.domain.turn import NEVER
from fleet.errors import Banned

BLOCKED = Banned("403: blocked", 300.0)
DISTRUST = Banned("403: trust_too_low")


def banned() -> Ban:
    ban = Ban()
    assert ban.refused(BLOCKED, 9.0, 10.0), "it begins"
    return ban


def test_nothing_is_sent_until_the_time_that_the_server_states() -> None:
    ban = banned()
    assert ban.free_at == 311.0
    assert "next call in 301 s" in ban.words(10.0)


def test_calls_that_were_under_way_when_it_began_change_nothing() -> None:
    ban = banned()
    assert not ban.refused(DISTRUST, 9.5, 10.1)
    assert not ban.answered(9.5, 10.2)
    assert (ban.lasts, ban.free_at) == (True, 311.0)


def test_one_call_probes_and_no_other_is_sent_before_its_answer() -> None:
    ban = banned()
    ban.sent(311.0)
    assert ban.free_at == 371.0
    assert ban.answered(311.0, 311.2)
    assert not ban.lasts
    assert ban.words(311.2) == ""


def test_calls_are_few_at_first_after_a_ban() -> None:
    ban, now, calls = banned(), 311.0, 0
    ban.sent(now)
    ban.answered(now, now)
    while now < 371.0:
        if now >= ban.free_at:
            ban.sent(now)
            calls += 1
        now += 0.01
    assert 200 <= calls <= 240
    ban.sent(372.0)
    assert ban.free_at <= 372.0


def test_a_refusal_that_states_no_time_is_waited_out_ever_longer() -> None:
    ban, now, waits = banned(), 311.0, []
    for _ in range(7):
        ban.sent(now)
        assert not ban.refused(DISTRUST, now, now)
        waits.append(ban.free_at - now)
        now = ban.free_at
    assert waits == [120.0, 240.0, 480.0, 900.0, 900.0, 900.0, 900.0]


def test_without_a_ban_nothing_is_held_back() -> None:
    ban = Ban()
    ban.sent(1.0)
    assert not ban.answered(1.0, 2.0)
    assert ban.free_at == -NEVER


@pytest.mark.parametrize("again", [BLOCKED, DISTRUST])
def test_a_second_ban_begins_anew(again: Banned) -> None:
    ban = banned()
    ban.sent(311.0)
    ban.answered(311.0, 311.0)
    assert ban.refused(again, 312.0, 312.0)


def test_a_ban_that_an_earlier_start_met_is_waited_out_and_then_probed_by_one_call() -> None:
    ban = Ban()
    ban.remembered(200.0, 10.0)
    assert (ban.lasts, ban.free_at) == (True, 210.0)
    ban.sent(210.0)
    assert ban.free_at == 270.0
    assert not ban.refused(DISTRUST, 210.0, 210.1), "it goes on, and does not begin again"
    assert ban.free_at == 330.1, "twice the first wait"
    ban.sent(331.0)
    assert ban.answered(331.0, 331.2)
