"""Hours of the week in settings, such as `mon-fri 22:00-06:00`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = "|".join(DAYS)
_CLOCK = r"([01]?\d|2[0-3]):([0-5]\d)"
_FORM = re.compile(rf"(?:({_DAY})(?:-({_DAY}))?\s+)?{_CLOCK}-(?:{_CLOCK}|(24:00))", re.IGNORECASE)
DAY_MIN = 1440


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Hours that begin on some days of the week, and may end on the next day."""

    #: days on which it begins; 0 is Monday
    days: frozenset[int]
    #: minutes since midnight by the clock; an end that is not after the start is on the next day
    start_min: int
    end_min: int

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether a minute of a day is in it, by the clock."""
        if self.start_min < self.end_min:
            return weekday in self.days and self.start_min <= minute < self.end_min
        evening = weekday in self.days and minute >= self.start_min
        return evening or ((weekday - 1) % 7 in self.days and minute < self.end_min)


def window_of(text: str) -> Window:
    """The window that a text names. Raises ValueError, which says how to write one."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a part of the week; write mon-fri 22:00-06:00, or 08:00-12:00 for every day")
    first, last, hour, minute, end_hour, end_minute, midnight = found.groups()
    start = int(hour) * 60 + int(minute)
    end = DAY_MIN if midnight else int(end_hour) * 60 + int(end_minute)
    if start == end:
        raise ValueError(f"{text!r} begins when it ends, so it lets nothing run; write 00:00-24:00 for a whole day")
    if first is None:
        return Window(days=frozenset(range(7)), start_min=start, end_min=end)
    begin = DAYS.index(first.lower())
    length = (DAYS.index((last or first).lower()) - begin) % 7 + 1
    return Window(days=frozenset((begin + day) % 7 for day in range(length)), start_min=start, end_min=end)


def longest_min(windows: Sequence[Window]) -> int:
    """Minutes of the longest part of the week that the windows cover without a gap, on days of 24 hours."""
    covered = [any(one.holds(day, minute) for one in windows) for day in range(7) for minute in range(DAY_MIN)]
    if all(covered):
        return len(covered)
    longest = length = 0
    # twice, since Sunday's last minute is followed by Monday's first
    for runs in covered * 2:
        length = length + 1 if runs else 0
        longest = max(longest, length)
    return longest


def check_least_on(hours: Sequence[str], least_on_s: float, never: str) -> None:
    """Raise ValueError if no part of the week lasts `least_on_s` seconds; `never` says what would never happen."""
    if not hours or not least_on_s:
        return
    longest_s = 60 * longest_min([window_of(text) for text in hours])
    if longest_s < least_on_s:
        raise ValueError(
            f"its hours last {longest_s} s at most and least_on_s is {least_on_s:g}, "
            f"so {never}; lower least_on_s, or name longer hours"
        )
