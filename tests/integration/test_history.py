"""History comes from the ledger alone: minute by minute and hour by hour, by miner, job type and host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fleet.cli import fleet
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.domain.causes import Loss
from fleet.ledger.reports import history
from fleet.ledger.reports.history import Paid, day_by_miner, hours, losses_by_cause, minutes
from fleet.status.history import MOST_STEPS
from fleet.status.history import history as series
from tests.support.history_books import EIGHT, MINER, MINUTE_MS, OTHER_MINER, Books


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path)
    with made.ledger:
        yield made


def test_minutes_tell_miner_type_and_host_apart_and_name_no_id(books: Books) -> None:
    books.paid("0.1")
    books.paid("0.2", worker="worker@shed-ba9876543210")
    books.paid("1", job_type=f"odd {MINER}", worker="worker@attic")
    books.now_ms += MINUTE_MS
    books.beat("0.5")
    first = EIGHT // MINUTE_MS
    assert minutes(books.place, ("one",), EIGHT, books.now_ms + 1) == [
        Paid(first, "garage", "inference", "shed", "one", 2, Decimal("0.3")),
        Paid(first, "garage", "odd garage", "attic", "one", 1, Decimal(1)),
        Paid(first + 1, "garage", "heartbeat", "", "one", 0, Decimal("0.5")),
    ]
    assert minutes(books.place, ("another",), EIGHT, books.now_ms + 1) == []


def test_minutes_are_read_back_page_by_page_as_far_as_asked(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 7)
    for _ in range(60):
        books.paid("0.1")
        books.now_ms += MINUTE_MS
    rows = minutes(books.place, ("one",), EIGHT + 20 * MINUTE_MS, EIGHT + 50 * MINUTE_MS)
    assert [row.at - EIGHT // MINUTE_MS for row in rows] == list(range(20, 50))
    assert sum(row.amount for row in minutes(books.place, ("one",), 0, books.now_ms)) == 6


def test_hours_are_the_ledgers_sums(books: Books) -> None:
    books.paid("0.1")
    books.now_ms += HOUR_MS
    books.paid("0.25")
    books.beat("0.5")
    rows = hours(books.place, ("one",), 500_001)
    assert rows == [
        Paid(500_001, "garage", "heartbeat", "", "one", 0, Decimal("0.5")),
        Paid(500_001, "garage", "inference", "", "one", 1, Decimal("0.25")),
    ]
    assert hours(books.place, ("one",), 0, 500_000) == []


def test_a_day_of_a_time_zone_that_begins_within_an_hour_is_summed_by_miner(books: Books) -> None:
    kolkata, midnight_ms = Calendar("Asia/Kolkata"), EIGHT + 10 * HOUR_MS + HOUR_MS // 2
    for amount, at_ms in (("0.1", midnight_ms - 1), ("0.2", midnight_ms), ("0.4", midnight_ms + HOUR_MS)):
        books.now_ms = at_ms
        books.paid(amount)
    assert day_by_miner(books.place, ("one",), kolkata, date(2027, 1, 15)) == {"garage": Decimal("0.1")}
    assert day_by_miner(books.place, ("one",), kolkata, date(2027, 1, 16)) == {"garage": Decimal("0.6")}
    assert day_by_miner(books.place, ("one",), Calendar(), date(2027, 1, 15)) == {"garage": Decimal("0.7")}
    assert day_by_miner(books.place, ("another",), Calendar(), date(2027, 1, 15)) == {}


def test_losses_are_summed_by_cause_within_hours(books: Books) -> None:
    books.lost("0.1", Loss.EXPIRED)
    books.now_ms += HOUR_MS
    books.lost("0.2", Loss.EXPIRED)
    books.lost("0.3", Loss.KERNEL)
    assert losses_by_cause(books.place, ("one",)) == {
        "expired": (2, Decimal("0.3")),
        "kernel failed": (1, Decimal("0.3")),
    }
    assert losses_by_cause(books.place, ("one",), 500_001) == {
        "expired": (1, Decimal("0.2")),
        "kernel failed": (1, Decimal("0.3")),
    }


def test_an_empty_ledger_has_no_history(books: Books) -> None:
    assert minutes(books.place, ("one",), 0, books.now_ms) == []
    assert hours(books.place, ("one",), 0) == []
    assert losses_by_cause(books.place, ("one",)) == {}


def test_entries_are_found_although_the_clock_was_set_back_and_ahead(books: Books) -> None:
    for number in range(40):
        books.paid("0.1")
        books.now_ms += 10 * MINUTE_MS
        if number == 20:
            books.jump(books.now_ms - 2 * HOUR_MS)
        elif number == 30:
            books.jump(books.now_ms + 5 * HOUR_MS)
    ever = minutes(books.place, None, 0, books.now_ms)
    assert sum(row.jobs for row in ever) == 40
    for since_ms in range(EIGHT, books.now_ms, 25 * MINUTE_MS):
        for until_ms in (since_ms + 30 * MINUTE_MS, since_ms + 3 * HOUR_MS):
            within = [row for row in ever if since_ms <= row.at * MINUTE_MS < until_ms]
            assert minutes(books.place, None, since_ms, until_ms) == within


def test_a_week_is_made_and_read_back_by_minute_hour_and_day(books: Books) -> None:
    step_ms, paid = 15 * MINUTE_MS, 7 * 96
    for number in range(paid):
        books.paid(
            "0.1",
            job_type=("inference", "data_hash")[number % 2],
            worker=("worker@shed", "worker@barn")[number % 3 == 0],
            miner=(MINER, OTHER_MINER)[number % 4 == 0],
        )
        books.now_ms += step_ms
    books.beat("0.5")
    week = (books.place, "one", EIGHT, books.now_ms + 1)
    for by, names in (
        ("farm", {"farm": Decimal("67.7")}),
        ("miner", {"garage": Decimal("50.9"), "attic": Decimal("16.8")}),
        ("type", {"inference": Decimal("33.6"), "data_hash": Decimal("33.6"), "heartbeat": Decimal("0.5")}),
        ("host", {"shed": Decimal("44.8"), "barn": Decimal("22.4")}),
    ):
        for step in (MINUTE_MS, HOUR_MS, 24 * HOUR_MS):
            made = series(*week, step_ms=step, by=by)
            assert {one.name: one.total for one in made.series} == names
            assert (made.farm.total, sum(made.farm.jobs)) == (Decimal("67.7"), paid)
            assert made.first_ms == EIGHT // step * step
    by_minute = series(*week, step_ms=MINUTE_MS)
    assert [at for at, jobs in enumerate(by_minute.farm.jobs) if jobs] == list(range(0, 7 * 1440, 15))
    assert series(*week, step_ms=HOUR_MS).farm.jobs == (4,) * 168 + (0,)


def test_names_past_the_most_are_one_series_and_too_many_steps_are_refused(books: Books) -> None:
    for number in range(5):
        books.paid(f"0.{5 - number}", job_type=f"type-{number}")
    span = (books.place, None, EIGHT, EIGHT + HOUR_MS)
    made = series(*span, step_ms=HOUR_MS, by="type", most=2)
    assert [(one.name, one.total) for one in made.series] == [
        ("type-0", Decimal("0.5")),
        ("type-1", Decimal("0.4")),
        ("other", Decimal("0.6")),
    ]
    for step_ms, until_ms in ((MINUTE_MS // 2, EIGHT + 1), (MINUTE_MS, EIGHT + MOST_STEPS * MINUTE_MS + 1)):
        with pytest.raises(ValueError, match="steps"):
            series(books.place, None, EIGHT, until_ms, step_ms=step_ms)


@pytest.fixture
def command(books: Books, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `fleet history` on the ledger at the books' own time."""
    file = books.place.file
    assert file is not None
    monkeypatch.setenv("FLEET_STATE_DIR", str(file.parent))
    monkeypatch.setattr("fleet.commands.history.wall_ms", lambda: books.now_ms)
    return lambda *options: CliRunner().invoke(fleet, ["history", *options])


def test_the_command_plots_each_step_and_also_those_without_a_payment(
    books: Books, command: Callable[..., Result]
) -> None:
    books.paid("0.5")
    books.now_ms += 2 * HOUR_MS
    books.paid("0.25", worker="worker@attic", job_type="[red]odd\x1b[31m")
    books.now_ms += 1
    lines = [" ".join(line.split()) for line in command("--last", "2h", "--step", "1h").stdout.splitlines()]
    assert lines == [
        "time zone: UTC",
        "from NNET jobs",
        f"01-15 08:00 {'█' * 40} 0.5 1",
        "01-15 09:00 0 0",
        f"01-15 10:00 {'█' * 20} 0.25 1",
        "all 0.75 2",
    ]
    by_type = command("--last", "3h", "--by", "type").stdout
    assert "[red]odd?[31m" in by_type
    stated = json.loads(command("--last", "3h", "--by", "host", "--json").stdout, parse_float=Decimal)
    assert {one["name"]: one["total_nnet"] for one in stated["series"]} == {
        "shed": Decimal("0.5"),
        "attic": Decimal("0.25"),
    }
    assert stated["total_nnet"] == Decimal("0.75")


@pytest.mark.parametrize("options", [("--step", "90s"), ("--last", "700d", "--step", "1m"), ("--last", "3000d")])
def test_a_step_that_does_not_fit_is_refused(command: Callable[..., Result], options: tuple[str, ...]) -> None:
    assert command(*options).exit_code == 2
