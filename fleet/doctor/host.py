"""The checks of a worker host, by the settings that its workers start with."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from config.redis_address import RedisAddress, read_redis_url
from config.settings import Settings
from fleet.doctor.checkup import secret_files
from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.doctor.disk import disk_diagnoses
from fleet.doctor.examination import Check
from fleet.doctor.host_key import key_diagnoses
from fleet.doctor.host_settings import JOIN, Host
from fleet.doctor.limits import worker_diagnoses
from fleet.doctor.modes import mode_diagnoses
from fleet.doctor.own_limits import own_limit_diagnoses
from fleet.doctor.redis_health import redis_diagnoses
from fleet.doctor.units import Unit, unit_diagnoses
from fleet.local.running import RunningFarm, farm_of
from tasks.broker.handshake import release
from tasks.broker.statement import own_statement
from tasks.host.container import in_container


def host_checks(host: Host, *, fix: bool) -> tuple[Check, ...]:
    """All checks of a worker host. With `fix`, modes of its files are corrected on the way."""
    reading, joined, found = host.reading, host.joined, host.units
    settings = reading.settings
    farm = farm_of(settings) if settings.redis_url is None else None
    secrets = dict.fromkeys((*secret_files(reading), *(one.env_file for one in found if one.env_file is not None)))
    return (
        Check(subject="redis", examine=lambda: _redis(settings, farm)),
        Check(subject="key", examine=lambda: key_diagnoses(settings)),
        Check(subject="limits", examine=lambda: worker_diagnoses(settings.worker.concurrency)),
        Check(subject="own limits", examine=lambda: own_limit_diagnoses(settings.limits)),
        Check(subject="disk", examine=lambda: _disk(settings, joined)),
        Check(subject="unit", examine=lambda: _units(found, farm)),
        Check(
            subject="secrets",
            examine=lambda: mode_diagnoses(
                () if joined is None else (joined,),
                [path for path in secrets if path.is_file()],
                fix=fix,
                command="fleet doctor --host --fix",
                contained=in_container(),
            ),
        ),
    )


def _redis(settings: Settings, farm: RunningFarm | None) -> Iterator[Diagnosis]:
    if farm is not None and farm.redis_url is not None:
        words = (
            f"`fleet up` runs in {settings.state_dir}, with workers of its own; `fleet doctor` checks all of its parts"
        )
        yield ok("farm", words)
        yield from redis_diagnoses(farm.redis_url, own_statement(release(), settings))
        return
    if settings.redis_url is None:
        advice = "type `fleet join -` and paste the invitation that `docker/invite` printed, or set FLEET_REDIS_URL"
        yield fail("redis", f"this host has joined no farm: {settings.state_dir / JOIN} keeps no invitation", advice)
        return
    url = settings.redis_url.get_secret_value()
    address = read_redis_url(url)
    if address.tls is None:
        yield _judged_plain(address)
    yield from redis_diagnoses(url, own_statement(release(), settings))


def _judged_plain(address: RedisAddress) -> Diagnosis:
    """The diagnosis of a Redis that is reached without TLS."""
    if _is_near(address.host):
        return ok("redis tls", f"none, and {address.host} is an address of this machine or of a private network")
    words = f"none: passwords and jobs cross the network to {address.place} for all to read"
    return warn("redis tls", words, "have this host invited by `docker/invite`, which gives it a rediss:// address")


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        # a container's or a machine's name in its own network
        return "." not in host


def _disk(settings: Settings, joined: Path | None) -> Iterator[Diagnosis]:
    if joined is None:
        yield not_checked("disk", "a worker without an invitation keeps nothing on it")
    else:
        yield from disk_diagnoses(joined, None, sqlite=False)
    beat = settings.worker.heartbeat_file
    if beat is not None and not os.access(beat.parent, os.W_OK | os.X_OK):
        words = f"{beat.parent}, where the worker shows that it lives, can't be written by this user"
        yield fail("heartbeat file", words, "set FLEET_WORKER__HEARTBEAT_FILE to a path that can be written")


def _units(found: Sequence[Unit], farm: RunningFarm | None) -> Iterator[Diagnosis]:
    if not found and farm is not None:
        yield ok("unit", "none is installed here; `fleet service install up` has the farm started at boot")
    elif not found:
        yield ok("unit", "none is installed here; `fleet service install join` has a worker started at boot")
    yield from unit_diagnoses(found)
