"""`fleet service`: installs a farm, or a part of one, as a systemd service without Docker."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import click

from config.load import load
from fleet.commands.exits import EX_CANTCREAT, EX_NOPERM, EX_UNAVAILABLE, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.hosts.systemd import Installation, Part, unit, unit_name
from fleet.hosts.unit_paths import in_a_home, installed, obstacle

_SYSTEM_UNITS = Path("/etc/systemd/system")
_SYSTEM_ENV = Path("/etc/neonet-fleet/fleet.env")
_SYSTEM_STATE = Path("/var/lib/neonet-fleet")
#: the settings that each part requires
_NEEDED = {
    Part.COORDINATOR: "FLEET_SERVER and FLEET_REDIS_URL",
    Part.WORKER: "FLEET_REDIS_URL",
    Part.JOIN: "NEONET_INVITATION",
}
#: where to install instead, printed when a system unit would fail with systemd's 203/EXEC
_ELSEWHERE = (
    "a system unit runs under a user of its own, who must be able to read it: install into /opt, for example with a "
    "Python of the system (make PYTHON=/usr/bin/python3 setup), or use --user"
)
_PART = click.argument("part", type=click.Choice([part.value for part in Part]))
_SYSTEM = click.option(
    "--system/--user", "system", default=False, help="For the whole machine (root), or for this user (default)."
)


@click.group("service")
def service() -> None:
    """Run a farm, or a part of one, under systemd: started at boot, restarted when it fails, sandboxed.

    PART is `up` (a whole farm on this machine), `coordinator`, `worker`, or `join` (a worker that was invited).

    \b
    Examples:
      fleet service install up --user
      fleet service show worker --system
      sudo .venv/bin/fleet service install worker --system
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
@click.option("--dry-run", is_flag=True, help="Print what would be written and run, and do nothing.")
def install(part: str, *, system: bool, no_start: bool, dry_run: bool) -> None:
    """Write the unit, and enable and start it. Its settings are FLEET_ variables in a file whose path is printed.

    A part that needs settings is not started until that file has some; the command to start it is printed.
    """
    chosen = Part(part)
    folder = _SYSTEM_UNITS if system else _home() / ".config/systemd/user"
    path, text = folder / unit_name(chosen), _text(chosen, system=system)
    env_file = _env_file(system=system)
    scope = [] if system else ["--user"]
    start = ["enable", "--now", unit_name(chosen)]
    closed = obstacle(installed(_command())) if system else None
    if dry_run:
        click.echo(f"would write {path}:\n\n{text}")
        click.echo(f"its settings would go into {env_file}")
        if not no_start:
            click.echo(f"then: systemctl {' '.join([*scope, 'daemon-reload'])}; systemctl {' '.join([*scope, *start])}")
        if closed is not None:
            click.echo(f"but it would fail: {closed}", err=True)
        return
    if closed is not None:
        raise Failure(f"{closed}; {_ELSEWHERE}", EX_NOPERM)
    _write(path, text, env_file)
    click.echo(f"wrote {path}; its settings go into {env_file}")
    if not no_start and _needs_settings(chosen, system=system) and not _holds_settings(env_file):
        no_start = True
        click.echo(f"not started: {_NEEDED[chosen]} must be set there first")
    if no_start:
        click.echo(f"start it by: systemctl {' '.join([*scope, *start])}")
        return
    for arguments in (["daemon-reload"], start):
        _systemctl([*scope, *arguments])
    if not system:
        click.echo("To keep it running while you are logged out: loginctl enable-linger")


def _write(path: Path, text: str, env_file: Path) -> None:
    """Write the unit, and a private file for its settings unless there is one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        env_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        env_file.touch(mode=0o600, exist_ok=True)
    except PermissionError as exc:
        raise Failure(f"{exc.filename}: {exc.strerror}; --system needs root, --user does not", EX_NOPERM) from exc
    except OSError as exc:
        raise Failure(f"{exc.filename}: {exc.strerror}", EX_CANTCREAT) from exc


def _needs_settings(part: Part, *, system: bool) -> bool:
    """Whether the part needs a file of settings: `join` does not for a user, whose own invitation is saved."""
    return part in _NEEDED and (system or part is not Part.JOIN)


def _holds_settings(env_file: Path) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in env_file.read_text().splitlines())


def _text(part: Part, *, system: bool) -> str:
    command = _command()
    with settings_or_exit():
        state_dir = _SYSTEM_STATE if system else load().state_dir
    where = Installation(
        command=str(command),
        state_dir=str(state_dir),
        env_file=str(_env_file(system=system)),
        system=system,
        in_home=in_a_home(installed(command)),
    )
    with farm_errors():
        return unit(part, where)


def _command() -> Path:
    command = shutil.which("fleet", path=str(Path(sys.executable).parent)) or shutil.which("fleet")
    if command is None:
        raise Failure(
            "there is no `fleet` beside this Python or on the PATH, which the unit would start", EX_UNAVAILABLE
        )
    return Path(command)


def _env_file(*, system: bool) -> Path:
    return _SYSTEM_ENV if system else _home() / ".config/neonet-fleet/fleet.env"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as exc:
        raise Failure("this user has no home folder, which --user needs; --system does not", EX_NOPERM) from exc


def _systemctl(arguments: list[str]) -> None:
    command = shutil.which("systemctl")
    if command is None:
        raise Failure("there is no systemctl here; the unit was written, but nothing was started", EX_UNAVAILABLE)
    done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"systemctl {' '.join(arguments)}: {done.stderr.strip() or done.returncode}", EX_UNAVAILABLE)
