"""What the charts show of the past: all that is read, of the farm, of a miner, or of each server."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.web.over_time import chart, server_charts
from fleet.web.spans import HOUR, MONTH, PaidStep
from tests.support.snapshots import AT_MS, MINER, SERVERS

UTC_CALENDAR = Calendar()


def step(amount: str, jobs: int = 1) -> PaidStep:
    return PaidStep(
        miners={MINER.name: Decimal(amount), "attic": ZERO},
        servers={"https://main.example.com": Decimal(amount)},
        jobs=jobs,
    )


def test_a_chart_tells_what_is_not_read_yet_from_what_was_not_paid() -> None:
    past = [None, *[step("0")] * 58, step("1.5", 3)]
    made = chart(HOUR, past, AT_MS, UTC_CALENDAR)
    assert (made.total, made.complete, made.steps[-1].jobs) == (Decimal("1.5"), False, 3)
    assert made.steps[0].bar is None
    assert made.steps[1].bar is not None
    assert [one.last for one in made.steps[-2:]] == [False, True]
    assert made.steps[-1].at == "08:00"
    assert chart(HOUR, past[1:] + past[-1:], AT_MS, UTC_CALENDAR).complete
    assert [chart(HOUR, steps, AT_MS, UTC_CALENDAR).begun for steps in (past, [None] * 60)] == [True, False]


def test_a_chart_says_up_to_when_its_last_column_was_read() -> None:
    read = replace(step("2"), read_ms=AT_MS - 40_000)
    assert chart(MONTH, [None, read], AT_MS, Calendar("Asia/Kolkata")).read_at == "13:29:20"
    assert chart(MONTH, [read, None], AT_MS, UTC_CALENDAR).read_at == ""


def test_a_miners_chart_holds_its_own_payments() -> None:
    past = [step("2")] * MONTH.steps
    assert chart(MONTH, past, AT_MS, UTC_CALENDAR, MINER.name).total == 2 * MONTH.steps
    assert chart(MONTH, past, AT_MS, UTC_CALENDAR, "nobody").total == 0
    assert chart(MONTH, past, AT_MS, UTC_CALENDAR, MINER.name).steps[-1].at == "2027-01-15"


def test_each_server_has_a_chart_on_one_scale_and_a_single_one_has_none() -> None:
    main, side = (one.account for one in SERVERS)
    past = [PaidStep(miners={}, servers={main: Decimal(9), side: Decimal("0.5")}, jobs=1)] * 59
    made = server_charts(HOUR, [None, *past], AT_MS, UTC_CALENDAR, SERVERS)
    assert [(name, view.total, view.top) for name, view in made] == [
        ("main", 531, 10.0),
        ("side", Decimal("29.5"), 10.0),
    ]
    assert [view.complete for _, view in made] == [False, False]
    last = [view.steps[-1].bar for _, view in made]
    assert [bar.height if bar else None for bar in last] == [180.0, 10.0]
    assert server_charts(HOUR, past, AT_MS, UTC_CALENDAR, SERVERS[:1]) == []
    assert chart(HOUR, past, AT_MS, UTC_CALENDAR, server=side).total == Decimal("29.5")


def test_the_clock_of_the_steps_is_that_of_the_calendar_which_is_named() -> None:
    berlin, kolkata = (
        chart(HOUR, [None] * HOUR.steps, AT_MS, Calendar(name)) for name in ("Europe/Berlin", "Asia/Kolkata")
    )
    assert (berlin.steps[-1].at, berlin.zone) == ("09:00", "Europe/Berlin")
    assert (kolkata.steps[-1].at, kolkata.zone) == ("13:30", "Asia/Kolkata")
