"""Tries this release's migrations on a copy of a ledger, and counts what an upgrade must not lose."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select, text

from fleet.errors import LedgerError
from fleet.ledger.migrations.run import ProgressShown, unseen
from fleet.ledger.proof.heads import kept_heads
from fleet.ledger.reports.export import count as count_of
from fleet.ledger.reports.rows_seen import RowsSeen
from fleet.ledger.reports.sqlite_reader import copy_ledger, schema_of
from fleet.ledger.reports.verify import verify
from fleet.ledger.schema import entries, jobs, servers
from fleet.ledger.storage.engine import open_engine, stored_version
from fleet.ledger.storage.places import LedgerPlace, log_bytes
from fleet.ledger.storage.trouble import reading, translated
from fleet.ledger.storage.version import SCHEMA_VERSION, is_older

#: times its size that a ledger's copy takes on the disk while it is migrated, which copies it again
_ROOM = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Holdings:
    """What a ledger holds."""

    #: all jobs that were ever assigned, and those of them that may still be paid
    jobs: int
    open_jobs: int
    entries: int
    #: UTC milliseconds of the newest job's assignment, 0 without any, and the number of jobs before it
    newest_at: int
    before_newest: int
    #: server → number and hash of its last entry
    heads: dict[str, tuple[int, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """The outcome of a migration that was tried."""

    #: the schema that the ledger has now
    schema: int
    held: Holdings
    #: what the check of the migrated copy found, empty where it is right
    problems: tuple[str, ...]


class CopyNeededError(LedgerError):
    """A PostgreSQL ledger has to be migrated, which is tried on a copy that its administrator makes."""


def tried(place: LedgerPlace, heads_file: Path, shown: ProgressShown = unseen, copy_url: str | None = None) -> Trial:
    """Copy the ledger, migrate the copy, check it, and remove it again. `shown` gets how far that is.

    A PostgreSQL ledger of this release's schema is read in its place; of one of an older schema, the copy at `copy_url`
    is migrated and checked, and stays. Raises CopyNeededError without one, and LedgerError where the ledger can't be
    read, has a schema that this release does not migrate, or has too little room beside it.
    """
    if place.file is None:
        return _in_postgres(place.url, copy_url, heads_file, shown)
    if copy_url is not None:
        raise LedgerError(f"the ledger {place.file} is a file, which is copied without --copy")
    _check_room(place.file)
    # beside the ledger, since a container's /tmp is small
    with tempfile.TemporaryDirectory(dir=place.file.parent, prefix=".upgrade-check-") as folder:
        copy = Path(folder, place.file.name)
        shown("copying the ledger", 0, 1)
        copy_ledger(place.file, copy)
        schema = schema_of(copy)
        engine = open_engine(f"sqlite:///{copy}", shown=shown)
        try:
            return _checked(engine, schema, heads_file, shown)
        finally:
            engine.dispose()


def _in_postgres(url: str, copy_url: str | None, heads_file: Path, shown: ProgressShown) -> Trial:
    found = stored_version(url)
    if copy_url is not None:
        if _database(url) == _database(copy_url):
            raise LedgerError("--copy names the farm's own ledger; name a copy of it")
        copied, engine = stored_version(copy_url), open_engine(copy_url, shown=shown)
        try:
            return _checked(engine, int(copied or SCHEMA_VERSION), heads_file, shown)
        finally:
            engine.dispose()
    if is_older(found):
        raise CopyNeededError(f"it has schema {found}, this release {SCHEMA_VERSION}: the migration was not tried")
    engine = open_engine(url, read_only=True)
    try:
        return _checked(engine, SCHEMA_VERSION, heads_file, shown)
    finally:
        engine.dispose()


def _database(url: str) -> tuple[object, ...]:
    """What tells a PostgreSQL ledger from every other, by whatever address it is reached."""
    query = (
        "SELECT pg_postmaster_start_time(), oid, current_schema() FROM pg_database WHERE datname = current_database()"
    )
    engine = create_engine(url)
    try:
        with translated("the ledger can't be read"), engine.connect() as connection:
            return tuple(connection.execute(text(query)).one())
    finally:
        engine.dispose()


def holdings(engine: Engine, until: int | None = None) -> Holdings:
    """What a ledger of this release's schema holds; jobs before `until` (UTC ms) instead of before the newest one.

    Raises LedgerError when it can't be read.
    """
    with reading(engine) as connection:
        newest = connection.execute(select(func.max(jobs.c.assigned_at))).scalar() or 0
        before = newest if until is None else until
        count = select(func.count()).select_from(jobs)
        last = select(entries.c.server, func.max(entries.c.seq).label("seq")).group_by(entries.c.server).subquery()
        found = connection.execute(
            select(servers.c.name, entries.c.seq, entries.c.hash)
            .join(servers, servers.c.id == entries.c.server)
            .join(last, (last.c.server == entries.c.server) & (last.c.seq == entries.c.seq))
        )
        return Holdings(
            jobs=connection.execute(count).scalar_one(),
            open_jobs=connection.execute(count.where(jobs.c.finished_at.is_(None))).scalar_one(),
            entries=connection.execute(select(func.count()).select_from(entries)).scalar_one(),
            newest_at=newest,
            before_newest=connection.execute(count.where(jobs.c.assigned_at < before)).scalar_one(),
            heads={row.name: (row.seq, row.hash.hex()) for row in found},
        )


def hash_at(engine: Engine, server: str, seq: int) -> str | None:
    """The hash of a server's entry of this number, None where there is none."""
    with reading(engine) as connection:
        found = connection.execute(
            select(entries.c.hash)
            .join(servers, servers.c.id == entries.c.server)
            .where(servers.c.name == server, entries.c.seq == seq)
        ).scalar()
    return None if found is None else bytes(found).hex()


def _checked(engine: Engine, schema: int, heads_file: Path, shown: ProgressShown) -> Trial:
    verdicts = verify(engine, None, kept_heads(heads_file), RowsSeen("checking the ledger", count_of(engine), shown))
    problems = [f"{one.server}: {words}" for one in verdicts for words in one.problems]
    problems += [f"{one.server}: {one.verdict.flaw.problem}" for one in verdicts if one.verdict.flaw is not None]
    return Trial(schema=schema, held=holdings(engine), problems=tuple(problems))


def _check_room(file: Path) -> None:
    if not file.exists():
        raise LedgerError(f"there is no ledger at {file}")
    needed = _ROOM * (file.stat().st_size + log_bytes(file))
    free = shutil.disk_usage(file.parent).free
    if free < needed:
        raise LedgerError(
            f"the trial needs {needed / 2**20:,.0f} MB beside {file}, and {free / 2**20:,.0f} MB are free"
        )
