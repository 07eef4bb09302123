"""`fleet service`: coordinator and workers under systemd, without Docker."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click

from config.load import load
from fleet.commands.exits import EX_CANTCREAT, EX_NOPERM, EX_UNAVAILABLE, Failure, farm_errors, settings_or_exit
from fleet.units import Installation, Part, unit, unit_name

_SYSTEM_UNITS = Path("/etc/systemd/system")
_SYSTEM_ENV = Path("/etc/neonet-fleet/fleet.env")
_SYSTEM_STATE = Path("/var/lib/neonet-fleet")
_PART = click.argument("part", type=click.Choice([part.value for part in Part]))
_SYSTEM = click.option(
    "--system/--user", "system", default=False, help="For the whole machine (root), or for this user (default)."
)


@click.group("service")
def service() -> None:
    """Run a coordinator or a worker under systemd: started at boot, restarted when it dies, confined.

    \b
    Examples:
      fleet service show worker --system
      sudo fleet service install worker --system
      fleet service install coordinator --user
    """


@service.command("show")
@_PART
@_SYSTEM
def show(part: str, *, system: bool) -> None:
    """Print the unit."""
    click.echo(_text(Part(part), system=system), nl=False)


@service.command("install")
@_PART
@_SYSTEM
@click.option("--no-start", is_flag=True, help="Write the unit, but don't enable or start it.")
def install(part: str, *, system: bool, no_start: bool) -> None:
    """Write the unit, and enable and start it. Its settings are FLEET_ variables in the file that is named then."""
    chosen = Part(part)
    folder = _SYSTEM_UNITS if system else Path.home() / ".config/systemd/user"
    path, text = folder / unit_name(chosen), _text(chosen, system=system)
    env_file = _env_file(system=system)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        env_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        env_file.touch(mode=0o600, exist_ok=True)
    except PermissionError as exc:
        raise Failure(f"{exc.filename}: {exc.strerror}; --system needs root, --user does not", EX_NOPERM) from exc
    except OSError as exc:
        raise Failure(f"{exc.filename}: {exc.strerror}", EX_CANTCREAT) from exc
    click.echo(f"wrote {path}; its settings go into {env_file}")
    if no_start:
        return
    scope = [] if system else ["--user"]
    for arguments in (["daemon-reload"], ["enable", "--now", unit_name(chosen)]):
        _systemctl([*scope, *arguments])
    if not system:
        click.echo("To keep it running while you are logged out: loginctl enable-linger")


def _text(part: Part, *, system: bool) -> str:
    command = shutil.which("fleet", path=str(Path(sys.executable).parent)) or shutil.which("fleet")
    if command is None:
        raise Failure(
            "there is no `fleet` beside this Python or on the PATH, which the unit would start", EX_UNAVAILABLE
        )
    with settings_or_exit():
        state_dir = _SYSTEM_STATE if system else load().state_dir
    where = Installation(
        command=command, state_dir=str(state_dir), env_file=str(_env_file(system=system)), system=system
    )
    with farm_errors():
        return unit(part, where)


def _env_file(*, system: bool) -> Path:
    return _SYSTEM_ENV if system else Path.home() / ".config/neonet-fleet/fleet.env"


def _systemctl(arguments: list[str]) -> None:
    command = shutil.which("systemctl")
    if command is None:
        raise Failure("there is no systemctl here; the unit was written, but nothing was started", EX_UNAVAILABLE)
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"systemctl {' '.join(arguments)}: {done.stderr.strip() or done.returncode}", EX_UNAVAILABLE)
