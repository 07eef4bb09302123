"""A message of very many troubles is short, and names what it leaves out."""

from __future__ import annotations

from dataclasses import replace

from fleet.alerts.message import message_of
from tests.support.snapshots import AT_MS, SNAPSHOT


def test_a_hundred_troubles_are_a_short_message_that_announces_all_of_them() -> None:
    (one,) = SNAPSHOT.wrong
    many = [replace(one, subject=f"miner rig-{number}", nnet_per_day=12.5) for number in range(100)]
    made = message_of("shed", many, [], AT_MS)
    assert len(made.raised) == 100
    assert len(made.body.splitlines()) == 41
    assert "and 80 more" in made.body
    assert "about 12.5 NNET a day" in made.body
