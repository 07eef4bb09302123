"""Starts and ends the observers of the loop: the snapshot, its file, and metrics."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Protocol, TypeVar

from config.settings import Settings
from fleet.coordinator.health_setup import HealthSubject, health_observer
from fleet.coordinator.observed import Observed
from fleet.coordinator.observers import Observers
from fleet.coordinator.site import site
from fleet.coordinator.status_observer import InRedis, Sources, StatusObserver, Subject
from fleet.coordinator.tracing_observer import tracing
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.ledger.reports.departures import departures
from fleet.ledger.reports.history import day_by_miner, losses_by_cause, minutes
from fleet.status.collected import Collected, PaidBefore
from fleet.status.days import Days
from fleet.status.publisher import Publisher, Wanted
from fleet.status.recent import MINUTES
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter
from tasks.broker.handshake import release

T = TypeVar("T")
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000


class WhenFree(Protocol):
    """Calls a function once no other program locks the ledger."""

    def __call__(self, action: Callable[[], T]) -> T:
        """The function's result."""


@contextlib.contextmanager
def observing(settings: Settings, parts: Observed, in_redis: InRedis, free: WhenFree) -> Iterator[Observers]:
    """The observers of a coordinator.

    Raises LedgerError when the ledger can't be read.
    """
    now, wanted, calendar = time.monotonic(), Wanted(), Calendar(settings.time_zone)
    before, days = free(lambda: (_before(parts), _days(parts, calendar)))
    publisher = _publisher(settings, parts, wanted, calendar)
    subject = Subject(
        server=parts.server,
        simulated=parts.place.simulated,
        release=release(),
        names=parts.names,
        counts_since=now - max((row.age_s for row in before), default=0.0),
    )
    collected = Collected(
        booked={name: parts.farm.miners[miner_id].account.booked for miner_id, name in _own(parts)},
        total=parts.booked,
        days=days,
        before=before,
        now=now,
        now_ms=parts.now_ms(),
    )
    left = free(lambda: departures(parts.place, parts.server, parts.now_ms() - _DAY_MS))
    health = health_observer(settings, _subject_of_health(parts), left, now)
    sources = Sources(books=parts.books, health=health, in_redis=in_redis, now_ms=parts.now_ms)
    status = StatusObserver(subject, collected, wanted, publisher.put, sources, now)
    try:
        with (
            site(settings, parts, lambda: status.latest) as observers,
            tracing(settings.output.traces_url, parts.names) as traces,
        ):
            yield Observers([status, *observers, *traces])
    finally:
        status.close(parts.farm, time.monotonic())
        publisher.close()
        health.close()


def _subject_of_health(parts: Observed) -> HealthSubject:
    return HealthSubject(
        server=parts.server,
        simulated=parts.place.simulated,
        names=parts.names,
        books=parts.books,
        prospect=parts.prospect,
        now_ms=parts.now_ms(),
    )


def _publisher(settings: Settings, parts: Observed, wanted: Wanted, calendar: Calendar) -> Publisher:
    """Writes the snapshots to the state folder, and reads the ledger for what is `wanted`."""
    place, server = parts.place, parts.server
    return Publisher(
        SnapshotWriter(settings.state_dir / SNAPSHOT_FILE),
        wanted,
        losses=lambda first, end: losses_by_cause(place, server, first, end),
        day=lambda day: day_by_miner(place, server, calendar, date.fromordinal(day)),
    )


def _own(parts: Observed) -> list[tuple[str, str]]:
    """Id and name of each miner of the farm; the ledger may know others."""
    return [(miner_id, name) for miner_id, name in parts.names.items() if miner_id in parts.farm.miners]


def _before(parts: Observed) -> list[PaidBefore]:
    """What was paid in the minutes before the start, so that a restart leaves no gap."""
    now_ms = parts.now_ms()
    rows = minutes(parts.place, parts.server, now_ms - MINUTES * _MINUTE_MS, now_ms)
    return [
        PaidBefore(
            age_s=max(now_ms - row.at * _MINUTE_MS - _MINUTE_MS // 2, 0) / 1000,
            miner=row.miner,
            job_type=row.job_type,
            host=row.host,
            jobs=row.jobs,
            amount=row.amount,
        )
        for row in rows
    ]


def _days(parts: Observed, calendar: Calendar) -> Days:
    """What the ledger has booked today and yesterday."""
    now_ms = parts.now_ms()
    today = calendar.day(now_ms)
    before = day_by_miner(parts.place, parts.server, calendar, today - timedelta(days=1))
    booked = day_by_miner(parts.place, parts.server, calendar, today)
    return Days(now_ms, booked, sum(before.values(), ZERO), calendar)
