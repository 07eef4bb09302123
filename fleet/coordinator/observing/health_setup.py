"""Builds the farm's health: what it knows at the start, and what watches the disk and the certificates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from config.server_tables import ServerSettings
from config.settings import Settings
from fleet.coordinator.farms import AnyBooks
from fleet.coordinator.http_options import http_options
from fleet.coordinator.observing.health import HealthObserver
from fleet.coordinator.observing.server_rows import Account
from fleet.coordinator.observing.surroundings_watch import SurroundingsWatch
from fleet.health.watch import FarmHealth
from fleet.ledger.reports.departures import Departure
from fleet.server.certificate import certificate_of
from fleet.server.http.request_thread import verifying
from tasks.compute.digest import KERNEL_VERSION

_TLS_TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthSubject:
    """The farm whose health is watched."""

    accounts: Sequence[Account]
    simulated: bool
    #: miner id → name
    names: Mapping[str, str]
    books: AnyBooks
    now_ms: int


def health_observer(
    settings: Settings, subject: HealthSubject, left: Iterable[Departure], now: float
) -> HealthObserver:
    """The health of a farm, which knows what left its wallets on the day before. To be closed."""
    health = FarmHealth(kernel_version=KERNEL_VERSION, now=now)
    for one in left:
        health.miners.left_wallet(one.miner, one.amount, now - max(subject.now_ms - one.at_ms, 0) / 1000)
    observer = HealthObserver(
        health,
        subject.accounts,
        subject.names,
        subject.books,
        _surroundings(settings, subject),
        settings.worker.time_limit_s,
        now,
    )
    observer.reloaded(settings)
    return observer


def _surroundings(settings: Settings, subject: HealthSubject) -> SurroundingsWatch:
    """Watches the disk of the state folder, and each server's certificate if no proxy is on the way to it."""
    named = {} if subject.simulated else zip(subject.accounts, settings.servers, strict=True)
    found = {account.name: _certificate(settings, server) for account, server in named}
    return SurroundingsWatch(settings.state_dir, {name: ask for name, ask in found.items() if ask is not None})


def _certificate(settings: Settings, server: ServerSettings) -> Callable[[], float] | None:
    """Asks when the server's certificate ends; None for a server without TLS, or behind a proxy."""
    parts = urlsplit(server.url)
    _, options = http_options(settings, server)
    if parts.scheme != "https" or options.proxy:
        return None
    ask = partial(certificate_of, parts.hostname or "", parts.port or 443, timeout_s=_TLS_TIMEOUT_S)
    return lambda: ask(verifying(options)).ends
