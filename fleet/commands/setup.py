"""`fleet setup`, `fleet invite`, `fleet dismiss`: the secrets of a farm in Compose, and of hosts that join it."""

from __future__ import annotations

from pathlib import Path

import click

from fleet.commands.exits import farm_errors
from fleet.farmkeys import FLOWER_USER, FarmKeys, Published
from tasks.broker import release
from tasks.messages import WIRE_VERSION

#: what the Redis is called inside the farm; its certificate is valid for that, too
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


@click.command("setup")
@_ROOT
@_NAMES
def setup(root: Path, names: tuple[str, ...]) -> None:
    """Make the secrets of a farm in Compose where they are missing, each of mode 0600. Compose runs this."""
    with farm_errors():
        new = FarmKeys(root).lay_out(_all(names))
    if new:
        click.echo("This farm is new: its secrets were made, each for one container, none with a default.")
        shown = "docker compose exec flower cat /run/secrets/FLEET_FLOWER__BASIC_AUTH"
        click.echo(f"Flower: user {FLOWER_USER}, password by `{shown}`")


@click.command("invite")
@_ROOT
@_NAMES
@click.option("--port", type=click.IntRange(1, 65_535), default=6380, show_default=True, help="Published TLS port.")
@click.argument("host")
def invite(root: Path, names: tuple[str, ...], port: int, host: str) -> None:
    """Print the line by which HOST joins. `docker/invite` runs this, and lets Redis know."""
    if not [name for name in names if name]:
        raise click.UsageError("--name is missing: the address by which HOST reaches this farm's Redis")
    with farm_errors():
        published = Published(names=_all(names), port=port)
        invitation = FarmKeys(root).invite(host, published, release=release(), wire=WIRE_VERSION)
    click.echo(invitation.encode())


@click.command("dismiss")
@_ROOT
@_NAMES
@click.argument("host")
def dismiss(root: Path, names: tuple[str, ...], host: str) -> None:
    """Take HOST's leave back. `docker/dismiss` runs this, and lets Redis know."""
    with farm_errors():
        FarmKeys(root).dismiss(host, _all(names))


def _all(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*dict.fromkeys(name for name in names if name), _INNER_NAME)
