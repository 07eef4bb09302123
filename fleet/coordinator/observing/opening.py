"""Starts and ends the observers of the loop: the snapshot, its file, what is served, traces, and alerts.

One file: each observer begins with what the ledger holds, which is read here.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from config.settings import Settings
from fleet.coordinator.observers import Observers
from fleet.coordinator.observing.alerting import AlertSubject, LiveAlerts
from fleet.coordinator.observing.health import HealthObserver
from fleet.coordinator.observing.health_setup import HealthSubject, health_observer
from fleet.coordinator.observing.observed import Observed
from fleet.coordinator.observing.server_rows import ServerRows
from fleet.coordinator.observing.site import LiveTags, site
from fleet.coordinator.observing.status import InRedis, Sources, StatusObserver, Subject
from fleet.coordinator.observing.tracing import tracing
from fleet.coordinator.steering.steering import Steering
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.ledger.reports.departures import Departure, departures
from fleet.ledger.reports.history import MINUTE_MS, day_by_miner, losses_by_cause, minutes
from fleet.status.collected import Collected, PaidBefore
from fleet.status.days import Days
from fleet.status.publisher import Publisher, Wanted
from fleet.status.recent import MINUTES
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter
from tasks.broker.handshake import release

T = TypeVar("T")
_DAY_MS = 86_400_000


class WhenFree(Protocol):
    """Calls a function once no other program locks the ledger."""

    def __call__(self, action: Callable[[], T]) -> T:
        """The function's result."""


@contextlib.contextmanager
def observing(
    settings: Settings, parts: Observed, in_redis: InRedis, free: WhenFree, steering: Steering
) -> Iterator[Observers]:
    """The observers of a coordinator.

    Raises LedgerError when the ledger can't be read.
    """
    now, wanted, calendar = time.monotonic(), Wanted(), Calendar(settings.time_zone)
    servers = ServerRows(parts.accounts, now, parts.now_ms(), calendar)
    before, days = free(lambda: (_before(parts, servers, now), _days(parts, servers, calendar)))
    publisher = _publisher(settings, parts, wanted, calendar)
    subject = _subject(parts, now - max((row.age_s for row in before), default=0.0))
    collected = _collected(parts, days, before, now)
    left = free(lambda: _left(parts))
    health = health_observer(settings, _subject_of_health(parts), left, now)
    sources = _sources(parts, health, servers, in_redis, steering)
    alerts, tags = _alerts(settings, parts, calendar), LiveTags(settings, parts.names)
    status = StatusObserver(subject, collected, wanted, _to_all(publisher.put, alerts.put), sources, now)
    try:
        with (
            site(settings, parts, lambda: status.latest, tags) as observers,
            tracing(settings.output.traces_url, parts.names) as traces,
        ):
            live = (alerts.reloaded, tags.reloaded, steering.reloaded, health.reloaded)
            miners_changed = _to_all(status.miners_changed, steering.miners_changed)
            yield Observers([servers, status, *observers, *traces], live, miners_changed)
    finally:
        status.close(parts.farm, time.monotonic())
        publisher.close()
        health.close()
        alerts.close()


def _collected(parts: Observed, days: Days, before: Sequence[PaidBefore], now: float) -> Collected:
    return Collected(
        booked={name: parts.farm.miners[miner_id].account.booked for miner_id, name in _own(parts)},
        total=sum((account.booked for account in parts.accounts), ZERO),
        days=days,
        before=before,
        now=now,
        now_ms=parts.now_ms(),
    )


def _subject(parts: Observed, counts_since: float) -> Subject:
    return Subject(
        server=parts.server,
        simulated=parts.place.simulated,
        release=release(),
        names=parts.names,
        counts_since=counts_since,
    )


def _sources(
    parts: Observed, health: HealthObserver, servers: ServerRows, in_redis: InRedis, steering: Steering
) -> Sources:
    return Sources(
        books=parts.books,
        health=health,
        servers=servers,
        in_redis=in_redis,
        now_ms=parts.now_ms,
        controls=lambda: steering.controls,
    )


def _alerts(settings: Settings, parts: Observed, calendar: Calendar) -> LiveAlerts:
    place, accounts = parts.place, [account.ledger_name for account in parts.accounts]
    subject = AlertSubject(
        booked=lambda day: sum(day_by_miner(place, accounts, calendar, day).values(), ZERO),
        losses=lambda first, end: losses_by_cause(place, accounts, first, end),
        now_ms=parts.now_ms(),
    )
    return LiveAlerts(settings, subject, parts.say)


def _to_all(*readers: Callable[[T], None]) -> Callable[[T], None]:
    """A function that passes what it gets on to all `readers`."""

    def put(news: T) -> None:
        for read in readers:
            read(news)

    return put


def _left(parts: Observed) -> list[Departure]:
    """What left the wallets on the day before."""
    since_ms = parts.now_ms() - _DAY_MS
    several = [departures(parts.place, account.ledger_name, since_ms) for account in parts.accounts]
    return [one for of_one in several for one in of_one]


def _subject_of_health(parts: Observed) -> HealthSubject:
    return HealthSubject(
        accounts=parts.accounts,
        simulated=parts.place.simulated,
        names=parts.names,
        books=parts.books,
        now_ms=parts.now_ms(),
    )


def _publisher(settings: Settings, parts: Observed, wanted: Wanted, calendar: Calendar) -> Publisher:
    """Writes the snapshots to the state folder, and reads the ledger for what is `wanted`."""
    place, accounts = parts.place, [account.ledger_name for account in parts.accounts]
    return Publisher(
        SnapshotWriter(settings.state_dir / SNAPSHOT_FILE),
        wanted,
        losses=lambda first, end: losses_by_cause(place, accounts, first, end),
        day=lambda day: day_by_miner(place, accounts, calendar, date.fromordinal(day)),
    )


def _own(parts: Observed) -> list[tuple[str, str]]:
    """Id and name of each miner of the farm; the ledger may know others."""
    return [(miner_id, name) for miner_id, name in parts.names.items() if miner_id in parts.farm.miners]


def _before(parts: Observed, servers: ServerRows, now: float) -> list[PaidBefore]:
    """What was paid in the minutes before the start, so that a restart leaves no gap."""
    now_ms = parts.now_ms()
    found = []
    for account in parts.accounts:
        for row in minutes(parts.place, (account.ledger_name,), now_ms - MINUTES * MINUTE_MS, now_ms):
            age_s = max(now_ms - row.at * MINUTE_MS - MINUTE_MS // 2, 0) / 1000
            servers.before(account.key, row.amount, now - age_s)
            found.append(
                PaidBefore(
                    age_s=age_s,
                    miner=row.miner,
                    job_type=row.job_type,
                    host=row.host,
                    jobs=row.jobs,
                    amount=row.amount,
                )
            )
    return found


def _days(parts: Observed, servers: ServerRows, calendar: Calendar) -> Days:
    """What the ledger has booked today and yesterday."""
    now_ms, accounts = parts.now_ms(), [account.ledger_name for account in parts.accounts]
    today = calendar.day(now_ms)
    before = day_by_miner(parts.place, accounts, calendar, today - timedelta(days=1))
    booked: dict[str, Decimal] = {}
    for account in parts.accounts:
        of_one = day_by_miner(parts.place, (account.ledger_name,), calendar, today)
        servers.today(account.key, sum(of_one.values(), ZERO))
        booked |= of_one
    return Days(now_ms, booked, sum(before.values(), ZERO), calendar)
