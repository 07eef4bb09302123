"""Which ledgers this release can read: a version raised with each change of a table."""

from __future__ import annotations

from fleet.errors import LedgerError

SCHEMA_VERSION = 4
_OLDEST = 1


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
