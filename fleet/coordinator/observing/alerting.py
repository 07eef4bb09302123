"""Starts the alerts of a farm where the settings name a service for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from config.alert_section import AlertSettings
from config.settings import Settings
from fleet.alerts.alert_thread import AlertThread, NoAlerts
from fleet.alerts.decide import AlertDecider, Rules
from fleet.alerts.memory import MEMORY_FILE, read_memory
from fleet.alerts.outbox import Outbox
from fleet.alerts.report import DayFigures
from fleet.alerts.schedule import Quiet, minute_of
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.status.snapshot import FarmSnapshot, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertSubject:
    """The farm that alerts are about."""

    #: reads the NNET that were booked on a day
    booked: Callable[[date], Decimal]
    #: reads the lost jobs by cause, from an hour (since 1970) to before another
    losses: Callable[[int, int], Mapping[str, tuple[int, Decimal]]]
    now_ms: int


def outbox_of(alerts: AlertSettings) -> Outbox:
    """The services that the settings name."""
    urls = "" if alerts.urls is None else alerts.urls.get_secret_value()
    return Outbox(urls.split(), alerts.timeout_s)


def farm_title(settings: Settings) -> str:
    """What messages call the farm."""
    return settings.alerts.farm or "NeoNet farm"


def alerts_of(settings: Settings, subject: AlertSubject, say: Callable[[str], None]) -> AlertThread | NoAlerts:
    """The running alerts, or none where none are wanted or possible; `say` prints why."""
    alerts = settings.alerts
    if alerts.urls is None:
        return NoAlerts()
    outbox = outbox_of(alerts)
    if outbox.missing:
        say(f"[WARN]   {outbox.missing}; mining goes on without them")
        return NoAlerts()
    file, calendar = settings.state_dir / MEMORY_FILE, Calendar(settings.time_zone)
    rules = Rules(
        least=Severity(alerts.severity),
        group_ms=int(alerts.group_s * 1000),
        most_per_hour=alerts.most_per_hour,
        quiet=Quiet.of(alerts.quiet_hours),
        daily_at=minute_of(alerts.daily_at) if alerts.daily_at else None,
    )
    title = farm_title(settings)
    return AlertThread(
        AlertDecider(rules, calendar, read_memory(file), farm=title, now_ms=subject.now_ms),
        outbox,
        file,
        farm=title,
        day_figures=lambda day, made: _day(subject, calendar, day, made),
    )


class LiveAlerts:
    """The alerts as the settings now say; others take their place when the settings change."""

    def __init__(self, settings: Settings, subject: AlertSubject, say: Callable[[str], None]) -> None:
        self._settings, self._subject, self._say = settings, subject, say
        self._alerts = alerts_of(settings, subject, say)

    def put(self, snapshot: FarmSnapshot) -> None:
        """Look at a snapshot soon."""
        self._alerts.put(snapshot)

    def reloaded(self, settings: Settings) -> None:
        """Begin again with other settings; what was sent is remembered."""
        if settings.alerts != self._settings.alerts:
            self._settings = settings
            self._alerts.close()
            self._alerts = alerts_of(settings, self._subject, self._say)

    def close(self) -> None:
        """Send nothing more."""
        self._alerts.close()


def _day(subject: AlertSubject, calendar: Calendar, today: date, made: FarmSnapshot) -> DayFigures:
    """The figures of the day before `today`, from the ledger."""
    day = today - timedelta(days=1)
    first, end = (calendar.start_ms(one) // HOUR_MS for one in (day, today))
    return DayFigures(
        day=day,
        earned=subject.booked(day),
        before=subject.booked(day - timedelta(days=1)),
        losses=subject.losses(first, end),
        today=made.earnings.today,
    )
