"""When a control ends by itself, from what people write: a duration, a time of day, or a moment. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from fleet.domain.calendar import Calendar
from fleet.errors import ControlRefused

#: a time of day, which means its next occurrence, or a date with a time
_TIME, _MOMENTS = "%H:%M", ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")
_DAY = timedelta(days=1)
#: the longest that a control may last in seconds, ten years: calendars end in the year 9999, and databases before that
LONGEST_S = 315_360_000.0


def end_ms(for_s: float | None, until: str | None, calendar: Calendar, now_ms: int) -> int | None:
    """The end in UTC milliseconds, None for no end. `until` is of the calendar's zone.

    Raises ControlRefused where both are given, `for_s` is too long, or `until` is no moment.
    """
    if for_s is not None and until is not None:
        raise ControlRefused("for and until both say when it ends; give one")
    if for_s is not None:
        check_lasts(for_s)
        return now_ms + round(for_s * 1000)
    if until is None:
        return None
    text, now = until.strip(), calendar.local(now_ms)
    for form in (_TIME, *_MOMENTS):
        try:
            given = datetime.strptime(text, form)  # noqa: DTZ007 - the calendar gives it the zone
        except ValueError:
            continue
        if form != _TIME:
            if (moment_ms := calendar.moment_ms(given)) <= now_ms:
                raise ControlRefused(f"{text!r} is in the past, since it is {now:%Y-%m-%d %H:%M}; name a later time")
            return moment_ms
        at = now.replace(tzinfo=None, hour=given.hour, minute=given.minute, second=0, microsecond=0)
        moment_ms = calendar.moment_ms(at)
        return moment_ms if moment_ms > now_ms else calendar.moment_ms(at + _DAY)
    raise ControlRefused(f"{text!r:.80} is not a time; try 06:00, or {now + _DAY:%Y-%m-%d} 06:00")


def check_lasts(seconds: float) -> None:
    """Raise ControlRefused for a duration that no control may have."""
    if not seconds <= LONGEST_S:
        raise ControlRefused("it would last over ten years; name no end, and it lasts until it is resumed")
