"""Days, ISO weeks and months of a time zone, for times in UTC milliseconds. Pure.

A day has 23 or 25 hours where the clocks are changed on it. Each moment belongs to one day, whatever the zone does.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
#: moments of an hour that are looked at: zones differ from UTC by whole quarters of an hour, since 1972 everywhere
_QUARTERS_MS = (0, HOUR_MS // 4, HOUR_MS // 2, HOUR_MS * 3 // 4, HOUR_MS - 1)
UTC_NAME = "UTC"


class Calendar:
    """The calendar of one time zone, by its name in the IANA database, such as `Europe/Berlin`."""

    def __init__(self, name: str = UTC_NAME) -> None:
        """Raises as `ZoneInfo` does when the name is unknown. UTC is known without a database."""
        self.name = name
        self._zone = UTC if name == UTC_NAME else ZoneInfo(name)

    def local(self, ms: int) -> datetime:
        """A moment as the clocks of the zone show it, to the second."""
        return datetime.fromtimestamp(ms // 1000, self._zone)

    def day(self, ms: int) -> date:
        """The day that a moment belongs to."""
        return self.local(ms).date()

    def start_ms(self, day: date) -> int:
        """The first moment of a day."""
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() * 1000)

    def moment_ms(self, clock: datetime) -> int:
        """The moment at which the clocks of the zone show this; the first of two, where they are set back."""
        return int(clock.replace(tzinfo=self._zone).timestamp() * 1000)

    def length_ms(self, day: date) -> int:
        """How long a day lasts."""
        return self.start_ms(day + timedelta(days=1)) - self.start_ms(day)

    def splits(self, hour: int) -> bool:
        """Whether an hour (hours since 1970 UTC) belongs to more than one day, as in zones such as +05:30."""
        return len({self.day(hour * HOUR_MS + part) for part in _QUARTERS_MS}) > 1


def hour_name(start: datetime) -> str:
    """The hour that begins at a moment, such as `2026-11-26T15:00+01:00`, with Z for UTC."""
    return start.isoformat(timespec="minutes").removesuffix("+00:00") + ("" if start.utcoffset() else "Z")


def week_name(day: date) -> str:
    """The ISO week of a day, such as `2026-W53`: it begins on a Monday, and a year's first one holds January 4."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def month_name(day: date) -> str:
    """The month of a day, such as `2026-11`."""
    return f"{day.year:04d}-{day.month:02d}"
