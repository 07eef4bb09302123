"""The farm's schedule in a ledger: it switches at its minute, and never touches what an operator ordered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.schedule_section import ScheduleSettings
from fleet.control.control import FARM, ControlChange, Source
from fleet.control.request import ControlRequest
from fleet.coordinator.steering.farm_schedule import FarmSchedule
from fleet.coordinator.steering.ledger_watch import ledger_watch
from fleet.domain.calendar import Calendar
from fleet.errors import ControlRefused, LedgerBusy
from fleet.ledger.controls import ControlBook
from fleet.ledger.storage.engine import open_beside, open_engine
from fleet.schedule.farm_plan import FarmPlan, farm_plan

BERLIN = Calendar("Europe/Berlin")


def ms(text: str) -> int:
    """A moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def plan(*hours: str) -> FarmPlan:
    return farm_plan(ScheduleSettings(hours=hours), BERLIN)


class FastClock:
    """A clock that a thread's waits move, until it has shown an end."""

    def __init__(self, start: str, end: str) -> None:
        self.now, self._end = ms(start), ms(end)

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += round(seconds * 1000)
        return self.now >= self._end


@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    open_engine(made).dispose()
    return made


@pytest.fixture
def clock() -> FastClock:
    return FastClock("2026-11-26T12:00", "2026-11-26T12:00")


@pytest.fixture
def book(url: str, clock: FastClock) -> Iterator[ControlBook]:
    made = ControlBook(open_beside(url), "", clock)
    yield made
    made.close()


def order(change: ControlChange) -> ControlRequest:
    return ControlRequest(change=change, target=FARM, who="sam")


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-28T12:00", "2026-03-30T05:00", ["28 21:00", "29 04:00", "29 20:00", "30 04:00"]),
        ("2026-10-24T12:00", "2026-10-26T06:00", ["24 20:00", "25 05:00", "25 21:00", "26 05:00"]),
    ],
)
def test_the_thread_switches_within_two_seconds_of_its_minute_where_clocks_are_changed(
    url: str, start: str, end: str, minutes: list[str]
) -> None:
    clock = FastClock(start, end)
    book = ControlBook(open_beside(url), "", clock)
    schedule = FarmSchedule(book, plan("22:00-06:00"), clock)
    thread = ledger_watch("schedule", schedule.look, wait=clock.wait)
    thread.start()
    thread.join()
    first, *switched = book.log()
    assert (first.change, first.at_ms - ms(start)) == (ControlChange.PAUSE, 500)
    assert [entry.change for entry in switched] == [ControlChange.RESUME, ControlChange.PAUSE] * 2
    due = [ms(f"{start[:8]}{minute.replace(' ', 'T')}") for minute in minutes]
    assert all(0 <= entry.at_ms - at < 2000 for entry, at in zip(switched, due, strict=True))
    book.close()


def test_the_control_of_the_schedule_says_who_and_why(book: ControlBook, clock: FastClock) -> None:
    FarmSchedule(book, plan("22:00-06:00"), clock).follow()
    (control,) = book.in_force()
    assert (control.target, control.source) == (FARM, Source.SCHEDULE)
    assert (control.who, control.reason) == ("the schedule", "outside its hours until thu 22:00")


def test_an_operators_pause_stays_when_the_schedule_begins_and_ends_its_own(
    book: ControlBook, clock: FastClock
) -> None:
    ordered, schedule = book.ask(order(ControlChange.PAUSE)).begins, FarmSchedule(book, plan("22:00-06:00"), clock)
    schedule.follow()
    assert {one.source for one in book.in_force()} == {Source.OPERATOR, Source.SCHEDULE}
    clock.now = ms("2026-11-26T21:00")
    schedule.follow()
    assert list(book.in_force()) == [ordered]


def test_an_operator_who_resumes_ends_only_the_operators_pause_and_learns_of_the_schedules(
    book: ControlBook, clock: FastClock
) -> None:
    book.ask(order(ControlChange.PAUSE))
    FarmSchedule(book, plan("22:00-06:00"), clock).follow()
    book.ask(order(ControlChange.RESUME))
    (left,) = book.in_force()
    assert left.source is Source.SCHEDULE
    with pytest.raises(ControlRefused, match="paused by the schedule alone: outside its"):
        book.ask(order(ControlChange.RESUME))


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        ((), None),
        (("12:00-14:00",), None),
        (("mon 08:00-12:00",), "outside its hours until mon 08:00"),
        (("22:00-06:00",), "outside its hours until thu 22:00"),
    ],
)
def test_a_start_corrects_what_the_start_before_it_left_in_the_ledger(
    book: ControlBook, clock: FastClock, hours: tuple[str, ...], reason: str | None
) -> None:
    FarmSchedule(book, plan("22:00-06:00"), clock).follow()
    FarmSchedule(book, plan(*hours), clock).follow()
    standing = book.in_force().get(FARM, Source.SCHEDULE)
    assert (standing and standing.reason) == reason
    changed = reason != "outside its hours until thu 22:00"
    assert len(book.log()) == (2 if changed else 1), "what is right already is not written again"


def test_a_locked_ledger_is_asked_again_until_it_is_free(url: str, book: ControlBook, clock: FastClock) -> None:
    schedule = FarmSchedule(book, plan("22:00-06:00"), clock)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusy):
        schedule.look()
    other.execute("ROLLBACK")
    schedule.look()
    assert len(book.in_force()) == 1
    other.close()
