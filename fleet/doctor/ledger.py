"""The ledger of this farm: whether it can be read, how it grows, and which limit its coordinators have learnt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.doctor.disk import disk_diagnoses
from fleet.doctor.sqlite_faults import judged_sqlite
from fleet.errors import LedgerBusy, LedgerError, LedgerLost
from fleet.ledger.reports.sqlite_reader import sqlite_version
from fleet.ledger.reports.vitals import LearntLimit, vitals
from fleet.ledger.storage.places import LedgerPlace, log_bytes
from fleet.ledger.storage.version import EMPTY, MIGRATES

_DAY_MS = 86_400_000


def ledger_diagnoses(place: LedgerPlace, state_dir: Path, now_ms: int) -> Iterator[Diagnosis]:
    """The diagnoses of the ledger and of the disk that it grows on. `now_ms` is UTC milliseconds.

    Reads the ledger as a report does, which keeps no coordinator waiting.
    """
    file, found = place.file, None
    size = 0 if file is None or not file.exists() else file.stat().st_size
    if file is not None:
        yield judged_sqlite(sqlite_version())
    try:
        found = vitals(place, now_ms)
    except LedgerError as exc:
        yield judged_error(exc, there=file is None or file.exists())
    else:
        kind = "of simulated rewards" if place.simulated else "of real rewards"
        taken = f", {(size + log_bytes(file)) / 2**20:.1f} MB with its log" if file is not None else ""
        yield ok("ledger", f"{found.entries:,} entries {kind}{taken}")
        yield from (judged_limit(limit, now_ms) for limit in found.limits)
        if not found.limits:
            yield ok("rate limit", "none learnt, since no server has refused a call")
    # the log beside the file has a bound, and does not grow with the ledger
    growth = None if found is None or file is None else found.growth_bytes_per_day(size)
    yield from disk_diagnoses(state_dir if file is None else file.parent, growth, sqlite=file is not None)


def judged_limit(limit: LearntLimit, now_ms: int) -> Diagnosis:
    """What a server's refusals have shown of its rate limit."""
    days = max(now_ms - limit.learnt_at, 0) / _DAY_MS
    host = urlsplit(limit.server).hostname or limit.server
    return ok(
        "rate limit", f"{host}: {limit.requests:.0f} requests in {limit.window_s:.0f} s, learnt {days:.1f} days ago"
    )


def judged_error(error: LedgerError, *, there: bool) -> Diagnosis:
    """The diagnosis of a ledger that can't be read. `there` is whether it is a database, or a file that exists."""
    if isinstance(error, LedgerBusy):
        return not_checked("ledger", str(error))
    if isinstance(error, LedgerLost):
        return fail("ledger", str(error), "docs/backup.md says how to restore one")
    if not there or str(error) == EMPTY:
        return ok("ledger", "nothing in it yet; the first run creates it")
    if str(error).endswith(MIGRATES):
        return warn("ledger", str(error), "start the coordinator once")
    return fail("ledger", str(error), "docs/troubleshooting.md, `Ledger and state folder`, says what to do")
