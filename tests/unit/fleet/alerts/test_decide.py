"""Each condition is announced once when it begins and once when it is over, in few messages, and never at night."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.alerts.decide import AlertDecider, Rules
from fleet.alerts.memory import Memory
from fleet.alerts.message import Message
from fleet.alerts.schedule import Quiet
from fleet.domain.calendar import Calendar
from fleet.status.snapshot import Severity, Wrong

#: 2026-11-26 12:00 UTC
NOON_MS = 1_795_694_400_000
HOUR_MS = 3_600_000
AWAY = Wrong(
    kind="outage",
    subject="server s",
    severity=Severity.FAIL,
    text="The server does not answer.",
    help="Wait.",
    since_ms=NOON_MS,
)
DISK = replace(AWAY, kind="disk", subject="farm", severity=Severity.WARN, text="The disk fills up.")


class Told:
    """A decider whose messages all arrive, unless told otherwise."""

    def __init__(self, memory: Memory | None = None, **rules: Any) -> None:
        self.decider = AlertDecider(Rules(**rules), Calendar(), memory or Memory(), farm="shed", now_ms=NOON_MS)
        self.now_ms = NOON_MS
        self.arrives = True

    def passes(self, seconds: int, *wrong: Wrong) -> list[Message]:
        """The messages of some seconds in which these conditions last."""
        found = []
        for _ in range(seconds):
            self.now_ms += 1_000
            message = self.decider.draft(wrong, self.now_ms)
            if message is not None:
                found.append(message)
                if self.arrives:
                    self.decider.sent(message, self.now_ms)
                else:
                    self.decider.failed(self.now_ms)
        return found


def test_a_condition_is_raised_once_and_resolved_once() -> None:
    told = Told()
    (raised,) = told.passes(3_000, AWAY)
    assert raised.title == "shed: The server does not answer"
    assert "→ Wait." in raised.body
    (over,) = told.passes(3_000)
    assert over.title == "shed: The server does not answer – over"
    assert "over after 50 min: The server does not answer." in over.body


def test_what_comes_and_goes_before_its_message_is_not_sent() -> None:
    told = Told()
    assert told.passes(15, AWAY) == []
    assert told.passes(3_000) == []


def test_changes_of_one_moment_share_a_message() -> None:
    told = Told()
    assert told.passes(10, AWAY) == []
    (both,) = told.passes(100, AWAY, DISK)
    assert both.title == "shed: 2 new troubles, 1 of them stop something"
    assert "The disk fills up." in both.body


def test_no_more_messages_are_sent_in_an_hour_than_wanted_and_the_rest_in_one() -> None:
    told = Told(most_per_hour=2)
    sent = sum(len(told.passes(60, *wrong)) for wrong in [(AWAY,), (), (AWAY,), (DISK,)])
    assert sent == 2
    (later,) = told.passes(3_600, DISK)
    assert "The disk fills up." in later.body


def test_quiet_hours_hold_messages_back_until_their_end() -> None:
    told = Told(quiet=Quiet.of("12:00-13:00"))
    assert told.passes(3_500, AWAY) == []
    (late,) = told.passes(200, AWAY)
    assert late.raised[0].kind == "outage"


def test_warnings_are_left_out_where_only_failures_are_wanted() -> None:
    assert Told(least=Severity.FAIL).passes(100, DISK) == []


def test_a_message_that_does_not_arrive_is_tried_again_at_growing_intervals() -> None:
    told = Told()
    told.arrives = False
    tries = len(told.passes(3_600, AWAY))
    assert 3 <= tries <= 8
    told.arrives = True
    assert len(told.passes(3_600, AWAY)) == 1


def test_a_restart_repeats_nothing_and_gives_what_was_raised_before_time_to_be_learnt_again() -> None:
    first = Told()
    first.passes(100, AWAY, DISK)
    again = Told(first.decider.memory)
    assert again.passes(250, DISK) == [], "neither raised again nor over yet"
    (over,) = again.passes(300, DISK)
    assert [one.kind for one in over.over] == ["outage"]


def test_a_clock_that_was_set_back_does_not_silence_alerts() -> None:
    told = Told(most_per_hour=1)
    told.passes(100, AWAY)
    told.now_ms -= 30 * HOUR_MS
    assert len(told.passes(100, AWAY, DISK)) == 1


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_the_daily_report_is_due_once_a_day_at_its_time_in_the_farm_s_time_zone(zone: str) -> None:
    decider = AlertDecider(Rules(daily_at=18 * 60), Calendar(zone), Memory(), farm="shed", now_ms=NOON_MS)
    due = []
    for minute in range(3 * 24 * 60):
        now_ms = NOON_MS + minute * 60_000
        day = decider.report_due(now_ms)
        if day is not None:
            decider.reported(day)
            due.append((day, Calendar(zone).local(now_ms).hour))
    assert due == [("2026-11-26", 18), ("2026-11-27", 18), ("2026-11-28", 18)][-len(due) :]
    assert len(due) >= 2


def test_the_first_start_of_all_reports_no_day_on_which_nothing_ran() -> None:
    decider = AlertDecider(Rules(daily_at=8 * 60), Calendar(), Memory(), farm="shed", now_ms=NOON_MS)
    assert decider.report_due(NOON_MS) is None
    assert decider.report_due(NOON_MS + HOUR_MS) is None
    assert decider.report_due(NOON_MS + 20 * HOUR_MS) == "2026-11-27"
