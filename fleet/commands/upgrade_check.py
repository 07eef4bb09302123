"""`fleet upgrade-check`: tries an upgrade before it is made, and proves afterwards that nothing was lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import click

from config.load import load
from config.settings import Settings
from fleet.broker.worker_statements import seen_in_redis
from fleet.commands.exits import farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.diagnoses import show_diagnoses
from fleet.commands.printing.progress import steps
from fleet.doctor.checkup import own_secrets, redis_url_of
from fleet.doctor.diagnosis import Diagnosis, not_checked
from fleet.doctor.secret_words import hider
from fleet.doctor.upgrade import (
    copy_needed,
    judged_order,
    judged_proof,
    judged_trial,
    judged_waiting,
    keep_mark,
    kept_mark,
    unreadable,
)
from fleet.errors import LedgerError
from fleet.ledger.migrations.run import ProgressShown
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import farm_dir, heads_file, ledger_to_read
from fleet.ledger.trial import CopyNeededError, hash_at, holdings, tried
from tasks.broker.handshake import release
from tasks.broker.statement import own_statement


@click.command("upgrade-check")
@click.option("--proof", is_flag=True, help="After the upgrade: compare the ledger with what the last check saw.")
@click.option(
    "--copy", "copy_url", metavar="URL", help="A copy of a PostgreSQL ledger, on which the migration is tried."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the checks, and how many of each grade.")
@click.pass_context
def upgrade_check(ctx: click.Context, /, *, proof: bool, copy_url: str | None, as_json: bool) -> None:
    """Run this with the new release, before it takes over: it tries its migrations on a copy of the ledger, compares
    the wire versions of all hosts, says what waits, and which part to upgrade first.

    The farm may mine meanwhile, and nothing of it is changed; what the ledger holds is kept in the state folder for
    --proof, which ends an upgrade. The exit code is 0, or 69 if a line is FAIL.

    \b
    Examples:
      fleet upgrade-check
      fleet upgrade-check --copy postgresql+psycopg://farmer@db/trial
      fleet upgrade-check --proof
    """
    if proof and copy_url is not None:
        raise click.UsageError("--proof reads the farm's own ledger, without --copy")
    with settings_or_exit():
        settings = load()
    with farm_errors():
        hide = hider(settings, own_secrets(settings))
        with steps(quiet=as_json) as told:
            found = [*(_proof(settings) if proof else _check(settings, told, copy_url))]
    shown = [replace(one, found=hide(one.found), advice=hide(one.advice)) for one in found]
    ctx.exit(show_diagnoses(shown, as_json=as_json))


def _check(settings: Settings, shown: ProgressShown, copy_url: str | None) -> Iterator[Diagnosis]:
    own, place = own_statement(release(), settings), ledger_to_read(settings)
    held = None
    try:
        trial = tried(place, heads_file(settings, place), shown, copy_url)
    except CopyNeededError as exc:
        yield copy_needed(exc)
    except LedgerError as exc:
        yield unreadable(exc)
    else:
        held = trial.held
        yield from judged_trial(trial)
        keep_mark(place.file.parent if place.file is not None else farm_dir(settings), held, own.release)
    url = redis_url_of(settings)
    seen = None if url is None else seen_in_redis(url)
    if seen is None:
        yield not_checked("hosts", "no Redis of this farm answers; the wire versions of its hosts are not known")
    else:
        yield from judged_order(seen.coordinator, seen.workers, own)
    if held is not None:
        yield judged_waiting(held, 0 if seen is None else seen.queued)


def _proof(settings: Settings) -> Iterator[Diagnosis]:
    place = ledger_to_read(settings)
    before, _ = kept_mark(place.file.parent if place.file is not None else farm_dir(settings))
    engine = open_engine(place.url, read_only=True)
    missing = [name for name, (seq, digest) in before.heads.items() if hash_at(engine, name, seq) != digest]
    yield judged_proof(before, holdings(engine, before.newest_at), missing)
