"""`fleet doctor`: checks a farm on this machine, and says what to do about each fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from config.errors import ConfigError
from config.hiding import hidden
from config.load import read, unread_env_file, without_secrets
from config.settings import Settings
from fleet.commands.printing.diagnoses import show_diagnoses
from fleet.commands.printing.progress import steps
from fleet.doctor.checkup import checks
from fleet.doctor.diagnosis import Diagnosis, fail, warn
from fleet.doctor.examination import Check, examine
from fleet.doctor.host import host_checks
from fleet.doctor.host_settings import read_host
from fleet.doctor.secret_words import hider

#: seconds after which a check that hangs is given up
_DEADLINE_S = 15.0


@click.command("doctor")
@click.option("--server", metavar="URL", help="Check this NeoNet server instead of that of the settings.")
@click.option("--host", is_flag=True, help="Check this worker host, by the settings of its workers.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the checks, and how many of each grade.")
@click.option(
    "--fix", is_flag=True, help="Make the state folder and the files with secrets private; change nothing else."
)
@click.pass_context
def doctor(ctx: click.Context, /, *, server: str | None, host: bool, as_json: bool, fix: bool) -> None:
    """Check the farm on this machine: settings, server, Redis, ledger, disk, limits, ports, secrets.

    Each line is ok, warn or FAIL, with what to do. It may run while the farm mines: it changes nothing, takes no lock,
    and calls the server three times. The exit code is 0, or 69 if a line is FAIL. On a host that only computes, --host
    checks what its workers need: Redis, TLS, versions, clocks, memory, limits, systemd units and secrets.

    \b
    Examples:
      fleet doctor
      fleet doctor --host
      fleet doctor --server https://neonet.example.com
      fleet doctor --json | jq '.checks[] | select(.grade == "fail")'
    """
    if host and server is not None:
        raise click.UsageError("a worker host calls no server: leave out --server or --host")
    diagnoses = _diagnoses(lambda: _host(fix=fix) if host else _farm({"server": server}, fix=fix), quiet=as_json)
    ctx.exit(show_diagnoses(diagnoses, as_json=as_json))


def _diagnoses(find: Callable[[], tuple[Settings, tuple[Check, ...]]], *, quiet: bool) -> list[Diagnosis]:
    try:
        settings, found = find()
    except ConfigError as exc:
        return [fail("settings", hidden(str(exc)), "correct them; nothing else was checked")]
    with steps(quiet=quiet) as shown:
        return [*_unread(), *examine(found, _DEADLINE_S, hider(settings), shown)]


def _farm(overrides: dict[str, Any], *, fix: bool) -> tuple[Settings, tuple[Check, ...]]:
    reading = read(overrides)
    return reading.settings, checks(reading, fix=fix)


def _host(*, fix: bool) -> tuple[Settings, tuple[Check, ...]]:
    found = read_host()
    return found.reading.settings, host_checks(found, fix=fix)


def _unread() -> list[Diagnosis]:
    """Sources of settings that exist and are not read."""
    found = []
    env_file, folder = unread_env_file(), without_secrets()
    if env_file is not None:
        advice = f"run this command in {env_file.parent}, or set FLEET_ENV_FILE={env_file}"
        found.append(warn("settings", f"{env_file} is not read from this folder", advice))
    if folder is not None:
        found.append(warn("settings", folder, "fix its permissions, or name another folder with FLEET_SECRETS_DIR"))
    return found
