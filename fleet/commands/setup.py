"""The commands behind `docker/invite`, `docker/dismiss` and Compose: secrets of a farm, and of hosts that join it."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from config.load import load
from fleet.commands.arguments.durations import DURATION
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.hosts.farm_secrets import PAGES_USER, FarmSecrets, PublicAddress
from fleet.hosts.joining import Access, hand_over
from tasks.broker.handshake import release
from tasks.host.host_names import host_of
from tasks.signing import WorkerKey
from tasks.wire_versions import WRITTEN_WIRE

_DAY_S = 86_400.0
#: seconds before its end from which the authority's end is said, once a day
_AUTHORITY_S = 365 * _DAY_S
_AGAIN = "make a new one and invite every host again (docs/steering.md, `Certificates`)"
#: the Redis's host name inside the farm, which its certificate includes
_INNER_NAME = "redis"
_ROOT = click.option(
    "--root", type=click.Path(path_type=Path), default=Path("/setup"), show_default=True, help="Folder of the volumes."
)
_NAMES = click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="Address or DNS name by which other hosts reach Redis, repeatable.",
)

_VALID = click.option(
    "--valid",
    "valid_s",
    type=DURATION,
    default="7d",
    show_default=True,
    metavar="TIME",
    help="How long the invitation can be used, once.",
)


@click.command("setup")
@_ROOT
@_NAMES
@click.option("--monitoring", is_flag=True, help="Create those of Prometheus and Grafana, and no others.")
@click.option("--new-keys", is_flag=True, help="Replace the keys of jobs and results; each host must be invited again.")
def setup(root: Path, names: tuple[str, ...], *, monitoring: bool, new_keys: bool) -> None:
    """Create the missing secrets of a farm in Compose, each of mode 0600. Compose runs this."""
    if monitoring:
        with farm_errors():
            FarmSecrets(root).write_monitoring()
        shown = "docker compose exec grafana cat /run/secrets/password"
        click.echo(f"Grafana: user {PAGES_USER}, password by `{shown}`")
        return
    if new_keys:
        with farm_errors():
            FarmSecrets(root).renew_signing_keys()
        click.echo(
            "All keys of jobs and results were replaced: restart the farm's own workers, invite each host again."
        )
        return
    with farm_errors():
        new = FarmSecrets(root).write_files(_all(names))
    if new:
        click.echo("This farm is new: its secrets were made, each for one container, none with a default.")
        for page, service, name in (("Page", "coordinator", "FLEET_WEB"), ("Flower", "flower", "FLEET_FLOWER")):
            shown = f"docker compose exec {service} cat /run/secrets/{name}__BASIC_AUTH"
            click.echo(f"{page}: user {PAGES_USER}, password by `{shown}`")


@click.command("invite")
@_ROOT
@_NAMES
@click.option("--port", type=click.IntRange(1, 65_535), default=6380, show_default=True, help="Published TLS port.")
@_VALID
@click.option("--own", metavar="NAME", default="local", show_default=True, help="Name of the farm's first host.")
@click.argument("host")
def invite(root: Path, names: tuple[str, ...], port: int, valid_s: float, own: str, host: str) -> None:
    """Print the invitation for HOST. `docker/invite` runs this, and updates Redis."""
    _check_new_name(host, own)
    if not [name for name in names if name]:
        raise click.UsageError("--name is missing: the address by which HOST reaches this farm's Redis")
    with farm_errors():
        published = PublicAddress(names=_all(names), port=port)
        expires_at = int(time.time() + valid_s)
        invitation = FarmSecrets(root).invite(
            host, published, release=release(), wire=WRITTEN_WIRE, expires_at=expires_at
        )
    click.echo(invitation.encode())


def _check_new_name(host: str, own: str) -> None:
    """Raise a usage error for a name by which the results of two hosts could not be told apart."""
    if host.lower() == own.lower():
        raise click.UsageError(
            f"{host!r} is the name of the farm's first host (HOST_NAME in .env): results of both would count as one "
            "host's; choose another name"
        )
    if host_of(host) != host:
        raise click.UsageError(
            f"{host!r} ends like the name of a container, so it would count as host {host_of(host)!r}: "
            "choose a name without 12 hexadecimal digits at its end"
        )


@click.command("renew")
@_ROOT
@click.option("--every", "every_s", type=DURATION, help="Look again this often, until stopped; unset: once.")
@click.option("--alive", type=click.Path(path_type=Path), help="A file to touch at each look, for a health check.")
def renew(root: Path, every_s: float | None, alive: Path | None) -> None:
    """Renew the certificate of Redis 60 days before it ends, and say a year before when the authority ends."""
    farm, said_s = FarmSecrets(root), 0.0
    while True:
        with farm_errors():
            if farm.renew():
                click.echo("the certificate of Redis was renewed; Redis takes it within a minute")
            server, authority = farm.ends()
        now = time.time()
        if authority - now < _AUTHORITY_S and now - said_s > _DAY_S:
            said_s = now
            click.echo(
                f"the farm's authority ends at {_utc(authority)}, and with it all hosts' access: {_AGAIN}", err=True
            )
        if alive is not None:
            alive.touch()
        if every_s is None:
            click.echo(f"the certificate of Redis is valid until {_utc(server)}, the authority until {_utc(authority)}")
            return
        time.sleep(every_s)


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


@click.command("offer")
@_ROOT
@click.argument("host")
def offer(root: Path, host: str) -> None:
    """Print the password of HOST's workers, and HOST's key. `docker/invite` passes both to `fleet admit`."""
    with farm_errors():
        access = FarmSecrets(root).access(host)
    click.echo(access.password)
    if access.key is not None:
        click.echo(access.key.encode())


@click.command("admit")
@_VALID
@click.argument("host")
def admit(valid_s: float, host: str) -> None:
    """Store the password and the key from stdin in Redis, for HOST to take once.

    `docker/invite` runs this as the coordinator.
    """
    with settings_or_exit():
        settings = load()
    password, key = sys.stdin.readline().strip(), sys.stdin.readline().strip()
    if settings.redis_url is None or not password:
        raise click.UsageError("FLEET_REDIS_URL and a password on stdin are needed")
    try:
        access = Access(password=password, key=WorkerKey.decode(key) if key else None)
    except ValueError as exc:
        raise click.UsageError(f"the key on the second line of stdin {exc}") from exc
    with farm_errors():
        hand_over(settings.redis_url.get_secret_value(), host, access, valid_s)


@click.command("dismiss")
@_ROOT
@_NAMES
@click.argument("host")
def dismiss(root: Path, names: tuple[str, ...], host: str) -> None:
    """Revoke HOST's access. `docker/dismiss` runs this, and updates Redis."""
    with farm_errors():
        FarmSecrets(root).revoke(host, _all(names))


def _all(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*dict.fromkeys(name for name in names if name), _INNER_NAME)
