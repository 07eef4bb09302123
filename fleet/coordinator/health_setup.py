"""Builds the farm's health: what it knows at the start, and what watches the disk and the certificate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from config.settings import Settings
from fleet.coordinator.farms import AnyBooks, Prospects
from fleet.coordinator.health_observer import HealthObserver
from fleet.coordinator.http_options import http_options
from fleet.coordinator.surroundings_watch import SurroundingsWatch
from fleet.health.watch import FarmHealth
from fleet.ledger.reports.departures import Departure
from fleet.server.certificate import certificate_of
from fleet.server.http.request_thread import verifying
from fleet.server.prospect import Prospect
from tasks.compute.digest import KERNEL_VERSION

_TLS_TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthSubject:
    """The farm whose health is watched."""

    #: the server's name in the ledger, or the names of several
    server: str
    simulated: bool
    #: miner id → name
    names: Mapping[str, str]
    books: AnyBooks
    prospect: Prospect | Prospects
    now_ms: int


def health_observer(
    settings: Settings, subject: HealthSubject, left: Iterable[Departure], now: float
) -> HealthObserver:
    """The health of a farm, which knows what left its wallets on the day before. To be closed."""
    health = FarmHealth(server=subject.server, kernel_version=KERNEL_VERSION, now=now)
    for one in left:
        health.miners.left_wallet(one.miner, one.amount, now - max(subject.now_ms - one.at_ms, 0) / 1000)
    return HealthObserver(
        health,
        subject.server,
        subject.names,
        subject.books,
        subject.prospect,
        _surroundings(settings, simulated=subject.simulated),
        settings.worker.time_limit_s,
        now,
    )


def _surroundings(settings: Settings, *, simulated: bool) -> SurroundingsWatch:
    """Watches the disk of the state folder, and the first server's certificate if no proxy is on the way to it."""
    server = next(iter(settings.servers), None)
    parts = urlsplit("" if server is None else server.url)
    _, options = http_options(settings, None if simulated else server)
    if parts.scheme != "https" or options.proxy:
        return SurroundingsWatch(settings.state_dir, None)
    ask = partial(certificate_of, parts.hostname or "", parts.port or 443, timeout_s=_TLS_TIMEOUT_S)
    return SurroundingsWatch(settings.state_dir, lambda: ask(verifying(options)).ends)
