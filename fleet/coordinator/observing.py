"""Starts and ends the observers of the loop: the snapshot, its file, and metrics."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from config.hiding import hidden
from config.sections import WebSettings
from config.settings import Settings
from fleet.coordinator.bookkeeper import Bookkeeper
from fleet.coordinator.health_setup import HealthSubject, health_observer
from fleet.coordinator.metrics_observer import MetricsObserver
from fleet.coordinator.observers import Observers
from fleet.coordinator.scheduler import Farm
from fleet.coordinator.status_observer import InRedis, Sources, StatusObserver, Subject
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.ledger.places import LedgerPlace
from fleet.ledger.reports.departures import departures
from fleet.ledger.reports.history import day_by_miner, losses_by_cause, minutes
from fleet.server.prospect import Prospect
from fleet.status.collected import Collected, PaidBefore
from fleet.status.days import Days
from fleet.status.publisher import Publisher, Wanted
from fleet.status.recent import MINUTES
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter
from fleet.web.farm_metrics import MetricsText, farm_metrics
from fleet.web.listener import Listener
from fleet.web.scraping import ScrapeServer
from fleet.web.server import MetricsServer
from tasks.broker.handshake import release

T = TypeVar("T")
_MINUTE_MS = 60_000
_DAY_MS = 86_400_000


class WhenFree(Protocol):
    """Calls a function once no other program locks the ledger."""

    def __call__(self, action: Callable[[], T]) -> T:
        """The function's result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """The parts of a coordinator that the observers read."""

    farm: Farm
    #: miner id → name
    names: Mapping[str, str]
    books: Bookkeeper
    prospect: Prospect
    #: the ledger, the name of the server in it, and all that it holds of that server
    place: LedgerPlace
    server: str
    booked: Decimal
    now_ms: Callable[[], int]
    #: prints a line
    say: Callable[[str], None]


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
        with _metrics(settings, parts, status) as observers:
            yield Observers([status, *observers])
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


@contextlib.contextmanager
def _metrics(settings: Settings, parts: Observed, status: StatusObserver) -> Iterator[list[MetricsObserver]]:
    """Serve metrics where the settings say; a port in use only gives a warning."""
    if not settings.web.port and settings.web.metrics_token is None:
        yield []
        return
    events, registry = farm_metrics(lambda: status.latest, release=release(), tags=_tags(settings, parts))
    text = MetricsText(registry)
    with contextlib.ExitStack() as stack:
        for port, name, open_listener in _listeners(settings.web, text):
            try:
                stack.callback(open_listener().close)
            except OSError as exc:
                why = exc.strerror or str(exc)
                parts.say(f"[WARN]   no metrics on port {port}: {why}; name another one by {name}")
        yield [MetricsObserver(events, parts.farm, heartbeat_s=settings.heartbeat_s)]


def _tags(settings: Settings, parts: Observed) -> dict[str, tuple[str, ...]]:
    """The tags of each miner that has any, by its name."""
    names = {miner_id.lower(): name for miner_id, name in parts.names.items()}
    named = ((names.get(miner.id.lower()), miner.tags) for miner in settings.miner)
    return {name: tuple(hidden(tag) for tag in tags) for name, tags in named if name is not None and tags}


def _listeners(web: WebSettings, text: MetricsText) -> Iterator[tuple[int, str, Callable[[], Listener]]]:
    """The port of each listener that the settings ask for, the setting that names it, and what opens it."""
    if web.port:
        yield web.port, "FLEET_WEB__PORT, or 0", lambda: MetricsServer(text, web.port)
    token = web.metrics_token
    if token is not None:
        shown = token.get_secret_value()
        yield (
            web.metrics_port,
            "FLEET_WEB__METRICS_PORT",
            lambda: ScrapeServer(text, web.metrics_address, web.metrics_port, token=shown),
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
