"""A message of very many troubles is short, and names what it leaves out."""

from __future__ import annotations

from dataclasses import replace

from fleet.alerts.message import message_of
from fleet.domain.calendar import Calendar
from tests.support.snapshots import AT_MS, SNAPSHOT


def test_a_hundred_troubles_are_a_short_message_that_announces_all_of_them() -> None:
    (one,) = SNAPSHOT.wrong
    many = [replace(one, subject=f"miner rig-{number}", nnet_per_day=12.5) for number in range(100)]
    made = message_of("shed", many, [], AT_MS, Calendar())
    assert len(made.raised) == 100
    assert len(made.body.splitlines()) == 41
    assert "and 80 more" in made.body
    assert "about 12.5 NNET a day" in made.body


def test_times_are_those_of_the_farms_zone_and_no_cost_has_an_exponent() -> None:
    (one,) = SNAPSHOT.wrong
    since_ms = 1_795_806_023_000
    made = message_of(
        "shed", [replace(one, since_ms=since_ms, nnet_per_day=13_690.65)], [], AT_MS, Calendar("Asia/Kolkata")
    )
    assert "(since 2026-11-28 00:30:23 Asia/Kolkata, about 13,691 NNET a day)" in made.body
