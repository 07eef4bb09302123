"""The checks of one farm, by its settings: which Redis, server, ledger and files they are about.

One file: the list of all checks stands beside the settings that each of them needs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from config.load import SECRETS, Origin, Reading
from config.redis_address import read_redis_url
from config.server_tables import ServerSettings
from config.settings import Settings
from config.sources import variable
from config.tree import leaves
from fleet.coordinator.http_options import http_options
from fleet.doctor.certificates import own_diagnoses
from fleet.doctor.declared_hardware import declared_diagnoses
from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.doctor.examination import Check
from fleet.doctor.ledger import ledger_diagnoses
from fleet.doctor.limits import Demand, machine_diagnoses
from fleet.doctor.modes import mode_diagnoses
from fleet.doctor.ports import FarmPort, port_diagnoses
from fleet.doctor.prices import price_diagnoses
from fleet.doctor.redis_health import redis_diagnoses
from fleet.doctor.server import server_diagnoses
from fleet.doctor.units import unit_diagnoses, unit_folders, units
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.errors import FleetError, LedgerError
from fleet.ledger.reports.vitals import ban_left_s
from fleet.ledger.storage.places import SIMULATOR, farm_dir, ledger_to_read
from fleet.local.running import RunningFarm, farm_of
from tasks.broker.handshake import release
from tasks.broker.statement import own_statement
from tasks.host.container import in_container

#: the port at which Redis in Compose speaks TLS
_TLS_PORT = 6380
_TIMEOUT_S = 3.0
#: settings whose type is not secret although they hold miners' ids
_IDS = frozenset({"id", "miner"})


def checks(reading: Reading, *, fix: bool) -> tuple[Check, ...]:
    """All checks of the farm that these settings describe. With `fix`, modes of its files are corrected on the way."""
    settings = reading.settings
    farm, calendar = farm_of(settings), Calendar(settings.time_zone)
    return (
        Check(subject="settings", examine=lambda: _settings(reading)),
        *_server_checks(settings, farm),
        Check(subject="redis", examine=lambda: _redis(settings, farm)),
        Check(subject="declared hardware", examine=lambda: declared_diagnoses(settings, redis_url_of(settings, farm))),
        Check(subject="ledger", examine=lambda: _ledger(settings)),
        Check(subject="power prices", examine=lambda: price_diagnoses(settings.schedule, calendar, wall_ms())),
        Check(subject="limits", examine=lambda: machine_diagnoses(_demand(settings))),
        Check(subject="ports", examine=lambda: _ports(settings)),
        Check(subject="unit", examine=lambda: unit_diagnoses(units(unit_folders()))),
        Check(
            subject="secrets",
            examine=lambda: mode_diagnoses(
                _folders(settings), secret_files(reading), fix=fix, contained=in_container()
            ),
        ),
    )


def _settings(reading: Reading) -> Iterator[Diagnosis]:
    settings = reading.settings
    files = sorted({one.source for one in reading.origins if "/" in one.source or Path(one.source).is_file()})
    yield ok("settings", f"valid; read from {', '.join(files)}" if files else "valid; none comes from a file")
    limit_s, given_s = settings.worker.time_limit_s, settings.visibility_timeout_s
    yield ok("time limits", f"a job ends after {limit_s:g} s; Redis gives it to another worker after {given_s:g} s")


def _server_checks(settings: Settings, farm: RunningFarm | None) -> Iterator[Check]:
    """A check of each server."""
    if len(settings.servers) < 2:
        server = next(iter(settings.servers), None)
        yield Check(subject="server", examine=lambda: _server(settings, server, farm))
        return
    for one in settings.servers:
        yield Check(subject=f"server {one.name}", examine=partial(_of_several, settings, one))


def _of_several(settings: Settings, server: ServerSettings) -> Iterator[Diagnosis]:
    for one in _server(settings, server, None):
        yield replace(one, subject=f"{one.subject} {server.name}")


def _server(settings: Settings, server: ServerSettings | None, farm: RunningFarm | None) -> Iterator[Diagnosis]:
    url = server.url if server is not None else None if farm is None else farm.simulator_url
    if url is None:
        yield not_checked("server", "no server is named; set FLEET_SERVER, or name it with --server")
        return
    ban_s = _ban_s(settings, url if server is None else server.ledger_name)
    if ban_s:
        advice = "wait, and let fewer miners call; each call during a ban costs more of the server's trust"
        yield warn("server", f"{url} bans this address for {ban_s:,.0f} more seconds, and was not called", advice)
        return
    try:
        _, options = http_options(settings, server)
    except FleetError as exc:
        yield fail("server", str(exc), "correct that setting")
        return
    yield from server_diagnoses(url, options)


def _ban_s(settings: Settings, account: str) -> float:
    """Seconds that a known ban of this address still lasts, by the ledger; 0 where it can't be read."""
    place = ledger_to_read(settings)
    name = SIMULATOR if settings.simulated and place.simulated else account
    try:
        return ban_left_s(place, name, wall_ms())
    except LedgerError:
        return 0.0


def _redis(settings: Settings, farm: RunningFarm | None) -> Iterator[Diagnosis]:
    own = None if farm is None else farm.redis_url
    url = redis_url_of(settings, farm)
    if url is None:
        yield not_checked("redis", f"no farm runs in {settings.state_dir}, and `fleet up` starts a Redis of its own")
        return
    yield from redis_diagnoses(url, own_statement(release(), settings))
    authority = SECRETS / "ca.crt"
    if own is None and authority.is_file():
        # Compose: the coordinator reaches Redis inside the farm without TLS, other hosts by TLS
        yield from own_diagnoses(authority, read_redis_url(url).host, _TLS_PORT, time.time(), _TIMEOUT_S)


def _ledger(settings: Settings) -> Iterator[Diagnosis]:
    return ledger_diagnoses(ledger_to_read(settings), settings.state_dir, wall_ms())


def _demand(settings: Settings) -> Demand:
    return Demand(
        miners=settings.miner_count,
        connections=settings.http.connections * max(len(settings.servers), 1),
        processes=settings.worker.concurrency,
    )


def _ports(settings: Settings) -> Iterator[Diagnosis]:
    flower, web = settings.flower, settings.web
    if flower.enabled:
        command, setting = ("tasks", "flower"), variable("flower.port")
        yield from port_diagnoses(
            FarmPort(part="flower", address=flower.address, port=flower.port, command=command, setting=setting)
        )
    served = [("coordinator", web.address, web.port, "web.port")] if web.port else []
    if web.metrics_token is not None:
        served.append(("metrics", web.metrics_address, web.metrics_port, "web.metrics_port"))
    for part, address, port, name in served:
        command, setting = ("fleet", "coordinator"), variable(name)
        yield from port_diagnoses(FarmPort(part=part, address=address, port=port, command=command, setting=setting))


def _folders(settings: Settings) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((settings.state_dir, farm_dir(settings))))


def secret_files(reading: Reading) -> tuple[Path, ...]:
    """The files that secrets and miners' ids were read from, and the key of a client's certificate at Redis.

    /run/secrets is left out: a container runtime mounts it, with modes of its own.
    """
    secret = {leaf.name for leaf in leaves(Settings) if leaf.secret} | _IDS
    if any(server.proxy is not None for server in reading.settings.servers):
        secret.add("server")
    found: dict[Path, None] = {}
    for origin in reading.origins:
        if origin.name in secret and origin.value:
            found.update(dict.fromkeys(_files(origin)))
    url = reading.settings.redis_url
    tls = None if url is None else read_redis_url(url.get_secret_value()).tls
    if tls is not None and tls.key_file is not None:
        found[Path(tls.key_file)] = None
    return tuple(found)


def _files(origin: Origin) -> Iterator[Path]:
    source = Path(origin.source)
    if source == SECRETS:
        return
    if source.is_file():
        yield source
    elif source.is_dir():
        wanted = variable(origin.name).lower()
        yield from (path for path in sorted(source.iterdir()) if path.name.lower() == wanted)


def redis_url_of(settings: Settings, farm: RunningFarm | None = None) -> str | None:
    """The URL of the farm's Redis: that of the settings, else the one that `fleet up` runs here; None without any."""
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    farm = farm or farm_of(settings)
    return None if farm is None else farm.redis_url


def own_secrets(settings: Settings) -> tuple[str, ...]:
    """The password of the Redis that `fleet up` runs on this machine, which is in no settings."""
    farm = farm_of(settings)
    url = None if farm is None else farm.redis_url
    password = None if url is None else read_redis_url(url).password
    return () if password is None else (password,)
