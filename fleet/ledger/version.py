"""Which ledgers this release can read: one that is there, of a version that is raised with each change of a table."""

from __future__ import annotations

from pathlib import Path

from fleet.errors import LedgerError

SCHEMA_VERSION = 5
#: said of a ledger without tables
EMPTY = "there is nothing in the ledger yet"
_OLDEST = 1


def check_there(file: Path) -> None:
    """Raise LedgerError where SQLite would make the file that is to be read."""
    if not file.exists():
        raise LedgerError(f"there is no ledger at {file} yet; it is made by the first `fleet up`")


def is_older(found: str | None) -> bool:
    """Whether a ledger that says `found` of its schema can be brought to this release's."""
    return found is not None and found.isdecimal() and _OLDEST <= int(found) < SCHEMA_VERSION


def check_version(found: str | None) -> None:
    """Raise LedgerError unless a ledger that says `found` of its schema can be used as it is."""
    if found == str(SCHEMA_VERSION):
        return
    words = f"the ledger is of schema {found}, this release reads {SCHEMA_VERSION}: "
    if is_older(found):
        raise LedgerError(f"{words}the next start of the coordinator migrates it, after a copy")
    raise LedgerError(f"{words}use the release that wrote it")
