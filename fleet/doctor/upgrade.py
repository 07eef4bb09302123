"""Whether a farm can be upgraded to this release, in which order, and the proof afterwards that nothing was lost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.errors import LedgerError, ServiceError
from fleet.hosts.secret_files import write_secret
from fleet.ledger.storage.version import SCHEMA_VERSION
from fleet.ledger.trial import Holdings, Trial
from tasks.broker.statement import Statement

#: the file in the farm's folder that keeps what the ledger held before an upgrade
MARK = "upgrade.json"


def judged_trial(found: Trial) -> Iterator[Diagnosis]:
    """The diagnoses of a ledger whose migration was tried on a copy."""
    held = found.held
    if found.problems:
        yield fail(
            "ledger",
            f"the migrated copy is wrong: {found.problems[0]}",
            "don't upgrade; `fleet ledger verify` says more",
        )
        return
    done = f"migrated from schema {found.schema} to {SCHEMA_VERSION} and checked"
    if found.schema == SCHEMA_VERSION:
        done = f"checked; it has this release's schema, {SCHEMA_VERSION}"
    yield ok("ledger", f"a copy was {done}: {held.jobs:,} jobs, {held.entries:,} entries")


def judged_order(
    coordinator: Statement | None, workers: Mapping[str, Statement | None] | None, own: Statement
) -> Iterator[Diagnosis]:
    """Which part of the farm to upgrade first; `own` is what this release states."""
    if workers is None:
        yield not_checked("hosts", "this user may not see what the workers state; start Compose again to grant it")
        return
    known = {name: one for name, one in workers.items() if one is not None}
    if coordinator is not None:
        known["the coordinator"] = coordinator
    for name, one in sorted(known.items()):
        yield ok("hosts", f"{name}: release {one.release}, wire version {one.spoken}")
    silent = sorted(name for name, one in workers.items() if one is None)
    if silent:
        yield warn("hosts", f"{', '.join(silent)}: a release that states no version", "upgrade them after the others")
    others = sorted({one.spoken for one in known.values() if not one.understands(own)})
    if not known and not silent:
        yield not_checked("order", "no process of the farm runs; start the coordinator first, then the workers")
    elif others:
        stated = ", ".join(others)
        words = f"this release speaks wire version {own.spoken}, the farm {stated}: the two exchange no jobs"
        yield warn("order", words, "coordinator first, then all workers at once; jobs wait meanwhile, and none is lost")
    else:
        yield ok("order", "coordinator first, then one host after the other; both releases understand each other")


def judged_waiting(held: Holdings, queued: int) -> Diagnosis:
    """What is under way, and goes on after the upgrade."""
    words = f"{held.open_jobs:,} open jobs in the ledger, {queued:,} messages in Redis; the next start takes them up"
    return ok("waiting", words)


def keep_mark(folder: Path, held: Holdings, release: str) -> None:
    """Keep what the ledger holds, for the proof. Raises ServiceError where the folder can't be written."""
    write_secret(folder / MARK, json.dumps(asdict(held) | {"release": release}))


def kept_mark(folder: Path) -> tuple[Holdings, str]:
    """What the ledger held before the upgrade, and the release that looked. Raises ServiceError without any."""
    try:
        fields = json.loads((folder / MARK).read_text(encoding="utf-8"))
        release = str(fields.pop("release"))
        heads = {name: (int(seq), str(digest)) for name, (seq, digest) in fields.pop("heads").items()}
        return Holdings(heads=heads, **fields), release
    except FileNotFoundError as exc:
        raise ServiceError("nothing to compare with: run `fleet upgrade-check` before an upgrade") from exc
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise ServiceError(f"{folder / MARK} can't be read: run `fleet upgrade-check` again") from exc


def judged_proof(before: Holdings, after: Holdings, missing_heads: list[str]) -> Diagnosis:
    """Whether everything that the ledger held before an upgrade is still there.

    `after.before_newest` counts the jobs up to the same moment as `before.before_newest`.
    """
    lost = max(before.before_newest - after.before_newest, 0)
    words = f"jobs before {before.jobs:,}, after {after.jobs:,}, lost {lost:,}"
    words += f"; entries before {before.entries:,}, after {after.entries:,}"
    if lost or missing_heads or after.entries < before.entries:
        if missing_heads:
            words += f"; the chain of {', '.join(missing_heads)} is another one"
        return fail("upgrade", words, "stop the coordinator; docs/backup.md says how to go back")
    return ok("upgrade", words)


def copy_needed(error: LedgerError) -> Diagnosis:
    """The diagnosis of a PostgreSQL ledger, of which this user makes no copy."""
    words = (
        "make a copy and name it: `createdb trial`, `pg_dump FARM | psql trial`, "
        "`fleet upgrade-check --copy postgresql+psycopg://USER@HOST/trial`, `dropdb trial`"
    )
    return warn("ledger", str(error), words)


def unreadable(error: LedgerError) -> Diagnosis:
    """The diagnosis of a ledger on which nothing could be tried."""
    return fail("ledger", str(error), "don't upgrade before this is solved; `fleet doctor` says more")
