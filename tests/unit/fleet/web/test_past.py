"""The past is read bit by bit, the newest first; what is over is read once, and a failure of the ledger is survived."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from fleet.domain.calendar import Calendar
from fleet.errors import LedgerError
from fleet.ledger.reports.history import Paid
from fleet.web.past import Past
from fleet.web.spans import DAY, HOUR, MONTH

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
UTC_CALENDAR = Calendar()
NOW_MS = 500_000 * HOUR_MS + 30 * MINUTE_MS + 5_000


class Told:
    """A past whose ledger and clocks are moved by hand."""

    def __init__(self, calendar: Calendar = UTC_CALENDAR) -> None:
        self.now, self.now_ms = 1000.0, NOW_MS
        self.broken = False
        self.asked: list[tuple[int, int]] = []
        self.past = Past(self.minutes, self.hours, lambda: self.now_ms, lambda: self.now, calendar)

    def minutes(self, since_ms: int, until_ms: int) -> list[Paid]:
        return self._rows(since_ms, until_ms, MINUTE_MS)

    def hours(self, since_ms: int, until_ms: int) -> list[Paid]:
        return self._rows(since_ms, until_ms, HOUR_MS)

    def _rows(self, since_ms: int, until_ms: int, unit_ms: int) -> list[Paid]:
        self.asked.append((since_ms, until_ms))
        if self.broken:
            raise LedgerError("it is gone")
        places = range(since_ms // unit_ms, until_ms // unit_ms)
        return [
            Paid(at * (unit_ms // MINUTE_MS), "garage", "inference", "shed", "one", 2, Decimal("0.1"))
            for at in places
            if at * unit_ms < NOW_MS
        ]

    def look(self) -> float:
        self.now += 1
        return self.past.look()


@pytest.fixture
def told() -> Told:
    return Told()


def test_nothing_is_read_until_somebody_looks(told: Told) -> None:
    assert told.look() == 0.0
    assert told.past.of(HOUR) == [None] * HOUR.steps
    assert told.look() > 0
    assert told.asked


def test_the_newest_steps_come_first_and_all_of_them_in_the_end(told: Told) -> None:
    told.past.of(HOUR)
    told.look()
    assert [one is not None for one in told.past.of(HOUR)[-6:]] == [False, True, True, True, True, True]
    while told.look():
        told.past.of(HOUR)
    found = told.past.of(HOUR)
    assert all(one is not None for one in found)
    assert [one.nnet for one in found if one] == [Decimal("0.1")] * HOUR.steps
    assert found[0] is not None
    assert (found[0].jobs, found[0].miners, found[0].servers) == (
        2,
        {"garage": Decimal("0.1")},
        {"one": Decimal("0.1")},
    )
    assert len(told.asked) == HOUR.steps // HOUR.at_once


def test_steps_that_are_over_are_not_read_again(told: Told) -> None:
    told.past.of(HOUR)
    while told.look():
        pass
    told.asked.clear()
    told.now += 10 * HOUR.every_s
    told.past.of(HOUR)
    told.look()
    assert told.look() == 0.0
    ((since_ms, until_ms),) = told.asked
    assert until_ms == NOW_MS // MINUTE_MS * MINUTE_MS + MINUTE_MS
    assert until_ms - since_ms <= 4 * MINUTE_MS


def test_each_step_says_up_to_when_it_was_read(told: Told) -> None:
    told.past.of(HOUR)
    told.look()
    newest = told.past.of(HOUR)[-1]
    assert newest is not None
    assert newest.read_ms == told.now_ms


def test_hours_are_read_by_the_hour(told: Told) -> None:
    told.past.of(DAY)
    while told.look():
        pass
    found = told.past.of(DAY)
    assert [one.jobs if one else None for one in found] == [2] * DAY.steps


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        ("UTC", "2026-11-26T23:30Z", [24, 24, 24]),
        ("Europe/Berlin", "2026-10-26T12:00+01:00", [24, 25, 12]),
        ("Europe/Berlin", "2026-03-30T00:20+02:00", [24, 23, 1]),
        ("Asia/Kolkata", "2026-11-26T01:10+05:30", [24, 24, 2]),
    ],
)
def test_a_day_is_a_day_of_the_calendar(zone: str, now: str, hours: list[int]) -> None:
    """Three days from the last: how many whole or begun hours each has had."""
    calendar = Calendar(zone)
    asked = Told(calendar)
    asked.now_ms = int(datetime.fromisoformat(now).timestamp() * 1000)
    asked.past.of(MONTH)
    asked.look()
    first_ms, end_ms = asked.asked[-1]
    today = calendar.day(asked.now_ms)
    assert (first_ms, end_ms) == (calendar.start_ms(today), calendar.start_ms(today + timedelta(days=1)))
    while asked.look():
        asked.past.of(MONTH)
    lengths = [(end - first) // HOUR_MS for first, end in sorted(asked.asked)[-3:]]
    assert lengths[:2] == hours[:2]
    assert -(-(asked.now_ms - first_ms) // HOUR_MS) == hours[2]
    assert all(one is not None for one in asked.past.of(MONTH))


def test_a_ledger_that_can_not_be_read_is_said_and_tried_again(told: Told) -> None:
    told.broken = True
    told.past.of(HOUR)
    told.look()
    assert told.past.problem == "it is gone"
    assert told.past.of(HOUR) == [None] * HOUR.steps
    told.broken = False
    told.now += HOUR.every_s
    told.past.of(HOUR)
    told.look()
    assert told.past.of(HOUR)[-1] is not None
    assert told.past.problem == ""


@pytest.mark.parametrize("jump_ms", [-400 * 24 * HOUR_MS, 400 * 24 * HOUR_MS])
def test_after_a_jump_of_the_clock_only_the_new_hour_is_kept(told: Told, jump_ms: int) -> None:
    told.past.of(HOUR)
    while told.look():
        pass
    told.now_ms += jump_ms
    told.now += HOUR.every_s * 10
    assert told.past.of(HOUR) == [None] * HOUR.steps
    while told.look():
        told.past.of(HOUR)
    assert all(one is not None for one in told.past.of(HOUR))
