"""`fleet report`: packs what an issue about a farm needs into one file, without secrets."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from config.load import read
from fleet.commands.exits import EX_CANTCREAT, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.progress import steps
from fleet.doctor.archive import packed
from fleet.doctor.checkup import checks, own_secrets
from fleet.doctor.diagnosis import counted
from fleet.doctor.examination import examine
from fleet.doctor.host import host_checks
from fleet.doctor.host_settings import read_host
from fleet.doctor.report_parts import parts, stored_ids
from fleet.doctor.secret_words import hider
from fleet.hosts.secret_files import replace_secret

_DEADLINE_S = 15.0


@click.command("report")
@click.option("--host", is_flag=True, help="Report on this worker host.")
@click.argument("file", required=False, type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
def report(file: Path | None, *, host: bool) -> None:
    """Pack the doctor's findings, status, settings with their sources, versions, a check of the ledger and the ends of
    the logs into FILE (fleet-report-TIME.tar.gz; - for stdout), for an issue.

    Passwords, tokens, keys and miners' ids are taken out. The file is of mode 0600: look through it before you send it.

    \b
    Examples:
      fleet report
      docker compose exec -T coordinator fleet report - > report.tar.gz
    """
    if str(file) == "-" and sys.stdout.isatty():
        raise click.UsageError("a packed file is no text for a terminal: name a file, or redirect it: > report.tar.gz")
    with settings_or_exit():
        found = read_host() if host else None
        reading = read() if found is None else found.reading
    examined = checks(reading, fix=False) if found is None else host_checks(found, fix=False)
    name = f"fleet-report-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with farm_errors():
        hide = hider(reading.settings, own_secrets(reading.settings), stored_ids(reading.settings))
        with steps() as shown:
            diagnoses = examine(examined, _DEADLINE_S, hide, shown)
            data = packed(parts(reading, diagnoses, shown), hide, name)
        if str(file) == "-":
            sys.stdout.buffer.write(data)
            return
        target = file or Path(f"{name}.tar.gz")
        try:
            replace_secret(target, data)
        except OSError as exc:
            raise Failure(f"can't write {target}: {exc.strerror or exc}", EX_CANTCREAT) from exc
    faults = ", ".join(f"{count} {grade.value}" for grade, count in counted(diagnoses).items())
    click.echo(f"{target}: {len(data) / 1024:.0f} kB, without secrets; the doctor found {faults}")
    click.echo("Look through it before you send it: `tar -xzf` unpacks it.")
