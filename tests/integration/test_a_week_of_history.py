"""A week of payments is made, and page, `fleet history` and `fleet rewards` read it back alike, to the last digit."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from random import Random
from typing import NamedTuple

import pytest

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.domain.effects import Booked
from fleet.domain.jobs import Entry
from fleet.domain.proof import Proof
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.growing_minutes import GrowingMinutes
from fleet.ledger.reports.history import MINUTE_MS, minutes_and_hours
from fleet.ledger.reports.rewards import rewards_by
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.history import history
from fleet.web.past import Past
from fleet.web.spans import DAY, HOUR, MONTH, PaidStep, Span

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata")
#: a week that begins before Berlin's clocks are set back, and ends within a minute
BEGAN_MS = int(datetime.fromisoformat("2026-10-20T00:00Z").timestamp() * 1000)
NOW_MS = BEGAN_MS + 7 * 24 * HOUR_MS - 17 * MINUTE_MS + 20_000


class Payment(NamedTuple):
    """What was paid, and when."""

    at_ms: int
    miner: str
    job_type: str
    host: str
    amount: Decimal


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[LedgerPlace, list[Payment]]:
    """A ledger with a week of payments, an hour of them dense, beside a payment a day older."""
    place = LedgerPlace(url=f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}", simulated=False)
    random = Random(19)
    times = [BEGAN_MS - 24 * HOUR_MS, *(random.randrange(BEGAN_MS, NOW_MS) for _ in range(1_500))]
    times += [NOW_MS - random.randrange(HOUR_MS) for _ in range(300)]
    paid = [
        Payment(
            at_ms=at_ms,
            miner=random.choice(("attic", "cellar", "garage")),
            job_type=random.choice(("inference", "data_hash")),
            host=random.choice(("shed", "barn")),
            amount=Decimal(random.randrange(1, 10**15)).scaleb(-random.randrange(1, 18)),
        )
        for at_ms in sorted(times)
    ]
    clock = itertools.chain((one.at_ms for one in paid), itertools.repeat(NOW_MS))
    with Ledger(open_engine(place.url), "one", now_ms=lambda: next(clock)) as ledger:
        for number, one in enumerate(paid):
            ledger.commit([Booked(entry=_entry(number, one))])
        ledger.name_miners({f"neo1{name}": name for name in ("attic", "cellar", "garage")})
    return place, paid


def _entry(number: int, one: Payment) -> Entry:
    return Entry(
        miner_id=f"neo1{one.miner}",
        kind=EntryKind.JOB,
        amount=one.amount,
        confirmed=True,
        session_id="s",
        job_id=f"j{number}",
        job_type=one.job_type,
        proof=Proof(worker=f"worker@{one.host}-0123456789ab"),
    )


def page(place: LedgerPlace, span: Span, zone: str = "UTC") -> list[PaidStep]:
    """The steps that the page shows, once all are read."""
    clock = itertools.count()
    by_hour = partial(minutes_and_hours, place, ("one",))
    past = Past(GrowingMinutes(place, ("one",)), by_hour, lambda: NOW_MS, lambda: float(next(clock)), Calendar(zone))
    while any(one is None for one in past.of(span)):
        past.look()
    return [one for one in past.of(span) if one is not None]


def summed(paid: list[Payment], key: Callable[[Payment], object]) -> dict[object, tuple[int, Decimal]]:
    """Jobs and NNET by a key."""
    found: dict[object, tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    for one in paid:
        jobs, amount = found[key(one)]
        found[key(one)] = (jobs + 1, amount + one.amount)
    return dict(found)


@pytest.mark.parametrize(("by", "step_ms"), [("miner", MINUTE_MS), ("host", HOUR_MS), ("type", HOUR_MS)])
def test_a_week_is_read_back_by_minute_and_by_hour(
    week: tuple[LedgerPlace, list[Payment]], by: str, step_ms: int
) -> None:
    place, paid = week
    found = history(place, "one", BEGAN_MS, NOW_MS, step_ms=step_ms, by=by)
    field = "job_type" if by == "type" else by
    made = summed(paid[1:], lambda one: (getattr(one, field), (one.at_ms - BEGAN_MS) // step_ms))
    steps = {
        (series.name, number): (jobs, nnet)
        for series in found.series
        for number, (jobs, nnet) in enumerate(zip(series.jobs, series.nnet, strict=True))
        if jobs
    }
    assert steps == made
    assert found.farm.total == sum((one.amount for one in paid[1:]), ZERO)


@pytest.mark.parametrize("span", [HOUR, DAY])
def test_the_page_shows_what_the_history_holds(week: tuple[LedgerPlace, list[Payment]], span: Span) -> None:
    place, _ = week
    first_ms = span.start_ms(span.first(NOW_MS, Calendar()), Calendar())
    shown = page(place, span)
    held = history(place, "one", first_ms, NOW_MS, step_ms=span.step_ms, by="miner")
    assert [one.nnet for one in shown] == list(held.farm.nnet)
    assert [one.jobs for one in shown] == list(held.farm.jobs)
    for series in held.series:
        assert [one.miners.get(series.name, 0) for one in shown] == list(series.nnet)


@pytest.mark.parametrize("zone", ZONES)
def test_the_page_s_days_are_those_of_the_rewards(week: tuple[LedgerPlace, list[Payment]], zone: str) -> None:
    place, paid = week
    calendar = Calendar(zone)
    shown = page(place, MONTH, zone)
    first = MONTH.first(NOW_MS, calendar)
    days = {f"{calendar.day(MONTH.start_ms(first + at, calendar))}": step.nnet for at, step in enumerate(shown)}
    booked = {row.group: row.jobs_nnet for row in rewards_by(place, "day", calendar=calendar)}
    assert {day: amount for day, amount in days.items() if amount} == booked
    made = summed(paid, lambda one: f"{calendar.day(one.at_ms)}")
    assert booked == {day: amount for day, (_, amount) in made.items()}
