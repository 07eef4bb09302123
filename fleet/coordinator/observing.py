"""Starts and ends the observers of the loop: the snapshot, its file, and metrics."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar

from config.settings import Settings
from fleet.coordinator.bookkeeper import Bookkeeper
from fleet.coordinator.metrics_observer import MetricsObserver
from fleet.coordinator.observers import Observers
from fleet.coordinator.scheduler import Farm
from fleet.coordinator.status_observer import InRedis, Sources, StatusObserver, Subject
from fleet.domain.amounts import ZERO
from fleet.ledger.places import LedgerPlace
from fleet.ledger.reports.history import by_miner, hours, losses_by_cause, minutes
from fleet.server.prospect import Prospect
from fleet.status.collected import Collected, PaidBefore
from fleet.status.days import DAY_MS, Days
from fleet.status.publisher import Publisher, Wanted
from fleet.status.recent import MINUTES
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter
from fleet.web.farm_metrics import farm_metrics
from fleet.web.server import MetricsServer
from tasks.broker.handshake import release

T = TypeVar("T")
_MINUTE_MS = 60_000
_DAY_HOURS = 24


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
    now, wanted = time.monotonic(), Wanted()
    before, days = free(lambda: (_before(parts), _days(parts)))
    publisher = _publisher(settings, parts, wanted)
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
    sources = Sources(books=parts.books, prospect=parts.prospect, in_redis=in_redis, now_ms=parts.now_ms)
    status = StatusObserver(subject, collected, wanted, publisher.put, sources, now)
    try:
        with _metrics(settings, parts, status) as observers:
            yield Observers([status, *observers])
    finally:
        status.close(parts.farm, time.monotonic())
        publisher.close()


@contextlib.contextmanager
def _metrics(settings: Settings, parts: Observed, status: StatusObserver) -> Iterator[list[MetricsObserver]]:
    """Serve metrics where the settings name a port; a port in use only gives a warning."""
    if not settings.web.port:
        yield []
        return
    events, registry = farm_metrics(lambda: status.latest, release=release())
    try:
        server = MetricsServer(registry, settings.web.port)
    except OSError as exc:
        why = exc.strerror or str(exc)
        parts.say(f"[WARN]   no metrics on port {settings.web.port}: {why}; name another one by FLEET_WEB__PORT, or 0")
        yield []
        return
    with contextlib.closing(server):
        yield [MetricsObserver(events, parts.farm, heartbeat_s=settings.heartbeat_s)]


def _publisher(settings: Settings, parts: Observed, wanted: Wanted) -> Publisher:
    """Writes the snapshots to the state folder, and reads the ledger for what is `wanted`."""
    place, server = parts.place, parts.server
    return Publisher(
        SnapshotWriter(settings.state_dir / SNAPSHOT_FILE),
        wanted,
        losses=lambda first, end: losses_by_cause(place, server, first, end),
        day=lambda day: by_miner(hours(place, server, day * _DAY_HOURS, (day + 1) * _DAY_HOURS)),
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


def _days(parts: Observed) -> Days:
    """What the ledger has booked today and yesterday."""
    now_ms = parts.now_ms()
    today = now_ms // DAY_MS * _DAY_HOURS
    rows = hours(parts.place, parts.server, today - _DAY_HOURS)
    yesterday = sum((row.amount for row in rows if row.at < today), ZERO)
    return Days(now_ms, by_miner([row for row in rows if row.at >= today]), yesterday)
