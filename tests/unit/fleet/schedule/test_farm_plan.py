"""When the farm mines by its schedule, minute by minute, on days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest

from config.schedule_section import ScheduleSettings
from fleet.domain.calendar import Calendar
from fleet.schedule.farm_plan import FarmPlan, PriceRule, farm_plan
from fleet.schedule.prices import PriceList, PriceWindow
from fleet.schedule.week import Week

BERLIN = Calendar("Europe/Berlin")
MINUTE_MS, DAY_MS = 60_000, 86_400_000


def ms(text: str) -> int:
    """A moment in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def plan(*hours: str, least_on_s: float = 600) -> FarmPlan:
    return farm_plan(ScheduleSettings(hours=hours, least_on_s=least_on_s), BERLIN)


def switches(of: FarmPlan, start: str, days: int) -> list[str]:
    """The moments in UTC at which the farm begins or ends to mine, found by asking each minute."""
    begin = ms(start)
    found, before = [], of.runs(begin)
    for at in range(begin, begin + days * DAY_MS, MINUTE_MS):
        if of.runs(at) is not before:
            before = not before
            found.append(f"{datetime.fromtimestamp(at / 1000, UTC):%d %H:%M} {'on' if before else 'off'}")
    return found


def test_without_hours_it_always_mines() -> None:
    assert switches(plan(), "2026-03-27T00:00", 8) == []
    assert plan().runs(0)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # a night over the spring's change has 7 hours, over the autumn's 9
        ("2026-03-28T12:00", ["28 21:00 on", "29 04:00 off", "29 20:00 on", "30 04:00 off"]),
        ("2026-10-24T12:00", ["24 20:00 on", "25 05:00 off", "25 21:00 on", "26 05:00 off"]),
        ("2026-11-21T12:00", ["21 21:00 on", "22 05:00 off", "22 21:00 on", "23 05:00 off"]),
    ],
)
def test_it_switches_by_the_clock_on_days_of_23_24_and_25_hours(start: str, expected: list[str]) -> None:
    assert switches(plan("22:00-06:00"), start, 2) == expected


def test_hours_that_the_clocks_leave_out_or_shorten_below_the_least_time_are_not_begun() -> None:
    of = plan("01:30-02:15", "03:00-03:10", least_on_s=2400)
    assert switches(of, "2026-03-28T12:00", 1) == ["29 00:30 on", "29 01:10 off"], "the clocks join the two"
    assert switches(of, "2026-11-21T12:00", 1) == ["22 00:30 on", "22 01:15 off"], "ten minutes are too short"


def test_a_moment_is_judged_alike_whatever_was_asked_before() -> None:
    hours = ("mon-fri 22:00-06:00", "sat 09:05-09:12", "sun 00:00-24:00")
    week, begin = Week(hours, BERLIN), ms("2026-10-23T00:00")
    one, moments = FarmPlan(week, BERLIN, 600), range(begin, begin + 5 * DAY_MS, 37 * MINUTE_MS)
    forward = [one.reason(at) for at in moments]
    assert [one.reason(at) for at in reversed(moments)][::-1] == forward
    assert [FarmPlan(week, BERLIN, 600).reason(at) for at in moments] == forward


def test_it_says_why_the_farm_pauses_in_the_same_words_all_the_time() -> None:
    of = plan("mon 22:00-23:00", "wed 08:00-08:05")
    for at in ("2026-11-24T12:00", "2026-11-25T06:59"):
        assert of.reason(ms(at)) == "outside its hours until wed 08:00"
    assert of.reason(ms("2026-11-25T07:01")) == "it could mine until wed 08:05 only, and schedule.least_on_s is 600"
    assert of.reason(ms("2026-11-25T07:05")) == "outside its hours until mon 22:00"
    assert of.reason(ms("2026-11-23T21:00")) == ""


def priced(*prices: str, start: str = "2026-11-26T12:00", length_min: int = 60) -> PriceList:
    """Windows that follow each other; `-` leaves one out."""
    begin, length = ms(start), length_min * MINUTE_MS
    return PriceList(
        PriceWindow(start_ms=begin + number * length, end_ms=begin + (number + 1) * length, price=Decimal(price))
        for number, price in enumerate(prices)
        if price != "-"
    )


def by_price(*hours: str, unknown_mines: bool = False, least_on_s: float = 600) -> FarmPlan:
    rule = PriceRule(most=Decimal("0.3"), unknown_mines=unknown_mines)
    return FarmPlan(Week(hours, BERLIN), BERLIN, least_on_s, rule)


def test_it_mines_while_the_price_is_not_above_the_highest_and_says_why_not_in_the_same_words() -> None:
    of = by_price()
    of.learn(priced("0.41", "0.30", "-0.02", "0.3001"))
    assert switches(of, "2026-11-26T12:00", 1) == ["26 13:00 on", "26 15:00 off"]
    assert of.reason(ms("2026-11-26T12:30")) == "power costs more than 0.3 a kWh"
    assert of.reason(ms("2026-11-26T15:00")) == "power costs more than 0.3 a kWh"


@pytest.mark.parametrize(("unknown_mines", "reason"), [(False, "no price of power is known"), (True, "")])
def test_where_no_price_is_known_it_does_what_the_settings_say(unknown_mines: bool, reason: str) -> None:
    of = by_price(unknown_mines=unknown_mines)
    assert of.reason(ms("2026-11-26T12:30")) == reason
    of.learn(priced("0.2", "-", "0.2"))
    assert [of.reason(ms(f"2026-11-26T{hour}:30")) for hour in (11, 12, 13, 14, 15)] == [reason, "", reason, "", reason]


def test_hours_and_price_must_both_allow_it_for_the_least_time() -> None:
    of = by_price("14:30-16:00", least_on_s=1800)
    # 13:30 to 15:00 in UTC; the second window is cheap for its last half hour, the third too expensive
    of.learn(priced("0.1", "0.1", "0.9", "0.1", "0.1"))
    assert switches(of, "2026-11-26T11:00", 1) == ["26 13:30 on", "26 14:00 off"]
    assert of.reason(ms("2026-11-26T13:00")) == "outside its hours until thu 14:30"
    longer = by_price("14:30-16:00", least_on_s=1801)
    longer.learn(priced("0.1", "0.1", "0.9", "0.1", "0.1"))
    assert switches(longer, "2026-11-26T11:00", 1) == []
    assert (
        longer.reason(ms("2026-11-26T13:45")) == "it could mine until thu 15:00 only, and schedule.least_on_s is 1801"
    )


def test_a_newer_list_that_begins_now_does_not_end_what_has_run_for_long() -> None:
    of = by_price(least_on_s=3600)
    of.learn(priced("0.1", "0.1"))
    now = ms("2026-11-26T13:40")
    assert of.runs(now)
    of.learn(priced("0.1", "0.9", start="2026-11-26T13:30", length_min=30))
    assert of.runs(now), "it has mined since 12:00, so it is no short time"


@pytest.mark.parametrize("seed", range(4))
def test_no_time_on_is_shorter_than_the_least_and_none_without_leave_over_a_week_of_random_prices(seed: int) -> None:
    draw, least_on_s = Random(seed), 5400
    start, days = ("2026-03-25T00:00", "2026-10-21T00:00")[seed % 2], 7
    prices = priced(*(draw.choice(["0.1", "0.1", "0.5", "-"]) for _ in range(24 * days)), start=start)
    of = by_price("mon-fri 20:00-07:30", "sat-sun 00:00-24:00", least_on_s=least_on_s)
    of.learn(prices)
    week, begin = Week(("mon-fri 20:00-07:30", "sat-sun 00:00-24:00"), BERLIN), ms(start)
    minutes = range(begin, begin + days * DAY_MS, MINUTE_MS)
    allowed = [week.runs(at) and (prices.at(at) or 1) <= Decimal("0.3") for at in minutes]
    expected, run = [False] * len(allowed), list[int]()
    for number, may in enumerate([*allowed, False]):
        if may:
            run.append(number)
            continue
        for one in run if len(run) * 60 >= least_on_s else ():
            expected[one] = True
        run = []
    assert [of.runs(at) for at in minutes] == expected
