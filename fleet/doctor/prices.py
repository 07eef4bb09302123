"""The source of the schedule's prices of power: whether it can be read, what it knows, what the farm makes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from config.schedule_section import ScheduleSettings
from fleet.control.wording import moment
from fleet.coordinator.steering.price_watch import UNREAD, read_source, why_unread
from fleet.doctor.diagnosis import Diagnosis, fail, ok, warn
from fleet.domain.calendar import Calendar
from fleet.schedule.farm_plan import farm_plan
from fleet.schedule.prices import PriceList, read_prices
from fleet.status.wording import ago

_SUBJECT = "power prices"
_CALL_S = 5.0


def price_diagnoses(schedule: ScheduleSettings, calendar: Calendar, now_ms: int) -> Iterator[Diagnosis]:
    """The diagnoses of `price_file` or `price_url` at a moment, in UTC milliseconds; none where no price matters.

    It is read once, as a coordinator that starts now reads it. Prices that a running one has read before are not known.
    """
    if schedule.price_max is None:
        return
    source = f"{schedule.price_url or schedule.price_file}"
    try:
        prices = read_prices(read_source(schedule, _CALL_S))
    except UNREAD as exc:
        words = f"{source} can't be read: {why_unread(schedule, exc)}"
        yield _unknown(schedule)(_SUBJECT, f"{words}; {_without(schedule)}", _READABLE)
        return
    windows = f"{len(prices):,} window{'' if len(prices) == 1 else 's'}"
    yield ok(_SUBJECT, f"{source} is read: {windows}{_written(schedule.price_file, now_ms)}")
    yield judged_prices(prices, schedule, calendar, now_ms)


def judged_prices(prices: PriceList, schedule: ScheduleSettings, calendar: Calendar, now_ms: int) -> Diagnosis:
    """What the farm makes of these prices at a moment, in UTC milliseconds. Pure."""
    plan, price, ahead = farm_plan(schedule, calendar), prices.at(now_ms), prices.from_ms(now_ms)
    plan.learn(prices)
    reason, most = plan.reason(now_ms), schedule.price_max
    if not ahead:
        end = moment(prices.end_ms or 0, calendar, now_ms)
        return _unknown(schedule)(_SUBJECT, f"the last window ended at {end}; {_without(schedule)}", _NEWER)
    if price is None:
        begin = moment(ahead[0].start_ms, calendar, now_ms)
        return _unknown(schedule)(_SUBJECT, f"no window holds now, the next from {begin}; {_without(schedule)}", _GAP)
    until = f"prices are known until {moment(ahead[-1].end_ms, calendar, now_ms)}"
    if most is not None and all(one.price > most for one in ahead):
        lowest = min(one.price for one in ahead)
        words = f"the farm pauses, and no window from now on lets it mine: the lowest price is {lowest:f}; {until}"
        return warn(_SUBJECT, words, f"set schedule.price_max, now {most:g}, in the unit of the list")
    does = f"the farm pauses: {reason}" if reason else "the farm mines"
    return ok(_SUBJECT, f"a kWh costs {price:f} now, {most:g} at most: {does}; {until}")


_READABLE = (
    "correct the source, or schedule.price_file or schedule.price_url; docs/steering.md has the form of the list"
)
_NEWER = "have the source state the prices from now on; whatever writes the list has stopped"
_GAP = "have the source state the price of every hour"


def _unknown(schedule: ScheduleSettings) -> Callable[[str, str, str], Diagnosis]:
    """How bad it is that no price is known."""
    return warn if schedule.price_unknown == "mine" else fail


def _without(schedule: ScheduleSettings) -> str:
    """What the farm does without a price."""
    does = "mines" if schedule.price_unknown == "mine" else "pauses"
    return f"a farm that starts now {does}, as schedule.price_unknown says"


def _written(file: Path | None, now_ms: int) -> str:
    """How old a file is, in words."""
    with contextlib.suppress(OSError):
        if file is not None:
            return f", written {ago(now_ms / 1000 - file.stat().st_mtime)}"
    return ""
