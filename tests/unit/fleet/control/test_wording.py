"""Controls in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fleet.control.control import Action, Control, ControlChange, LogEntry, Target, TargetKind
from fleet.control.request import Followed
from fleet.control.wording import announced, consequence, lasting, logged, said
from fleet.domain.calendar import Calendar

NOW = int(datetime(2026, 11, 26, 22, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
RIG = Control(
    target=Target(kind=TargetKind.MINER, name="rig"),
    action=Action.PAUSE,
    since_ms=NOW,
    until_ms=NOW + 7 * HOUR_MS,
    stop_after_s=600.0,
    who="alex",
    reason="night tariff",
)
BERLIN = Calendar("Europe/Berlin")


def test_an_end_within_a_day_is_a_time_of_the_operators_clock_and_a_later_one_has_its_date() -> None:
    assert said(RIG, BERLIN, NOW) == "paused until 06:00 by alex: night tariff"
    assert said(replace(RIG, until_ms=NOW + 31 * HOUR_MS), BERLIN, NOW) == (
        "paused until 2026-11-28 06:00 by alex: night tariff"
    )
    assert said(replace(RIG, until_ms=None, reason="", action=Action.DRAIN), BERLIN, NOW) == "drained by alex"


@pytest.mark.parametrize(
    ("lasts_s", "end"),
    [(5, "23:00:05"), (60, "23:01"), (599, "23:09:59"), (605, "23:10"), (7 * 3600 + 5, "06:00")],
)
def test_an_end_that_is_near_is_shown_with_its_seconds(lasts_s: int, end: str) -> None:
    until_ms = NOW + lasts_s * 1000
    assert said(replace(RIG, until_ms=until_ms), BERLIN, NOW) == f"paused until {end} by alex: night tariff"
    entry = LogEntry(at_ms=NOW, change=ControlChange.PAUSE, target=RIG.target, until_ms=until_ms, who="alex")
    assert logged(entry, BERLIN, NOW) == f"paused until {end}"


@pytest.mark.parametrize(
    ("stop_after_s", "words"),
    [
        (600.0, "The miner finishes its job, keeps its session for 10 min, then stops it."),
        (0.0, "The miner finishes its job and stops its session."),
        (None, "keeps its session by heartbeats; an idle session lowers what others are paid."),
    ],
)
def test_it_says_what_becomes_of_the_session(stop_after_s: float | None, words: str) -> None:
    assert words in consequence(replace(RIG, stop_after_s=stop_after_s))


def test_a_paused_job_type_says_that_the_server_chooses_types() -> None:
    control = replace(RIG, target=Target(kind=TargetKind.JOB_TYPE, name="inference"))
    assert "a miner that is given one of this type waits with it until it is resumed" in consequence(control)


def test_a_change_without_a_coordinator_says_who_follows_it() -> None:
    entry = LogEntry(at_ms=NOW, change=ControlChange.PAUSE, target=RIG.target, until_ms=RIG.until_ms, who="alex")
    lines = announced(Followed(begins=RIG, entry=entry), BERLIN, NOW, runs=False)
    assert lines[0] == "miner rig is paused until 06:00 by alex: night tariff"
    assert lines[-1] == "No coordinator runs now; the next start follows this."
    assert logged(entry, BERLIN, NOW) == "paused until 06:00"
    assert (
        logged(replace(entry, change=ControlChange.END, until_ms=None), BERLIN, NOW)
        == "resumed, since the time was over"
    )


@pytest.mark.parametrize(("seconds", "words"), [(600, "10 min"), (7200, "2 h"), (90, "90 s"), (5400, "90 min")])
def test_durations_are_read_at_a_glance(seconds: float, words: str) -> None:
    assert lasting(seconds) == words
