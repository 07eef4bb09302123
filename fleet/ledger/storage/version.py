"""The ledger's schema version, which rises with each change of a table, and which ledgers this release can read."""

from __future__ import annotations

from pathlib import Path

from fleet.errors import LedgerError
from fleet.ledger.proof.heads import HEADS_FILE, kept_heads, refuse_lost

SCHEMA_VERSION = 12
#: message for a ledger without tables
EMPTY = "there is nothing in the ledger yet"
#: end of the message for a ledger of an older schema
MIGRATES = "the next start of the coordinator migrates it, after a copy"
_OLDEST = 1


def check_there(file: Path) -> None:
    """Raise LedgerError when the file to read does not exist, since SQLite would create it.

    It is a LedgerLost where the kept heads know entries, also of a file that was emptied.
    """
    if not file.exists() or not file.stat().st_size:
        refuse_lost(file, kept_heads(file.with_name(HEADS_FILE)))
    if not file.exists():
        raise LedgerError(f"there is no ledger at {file} yet; the first `fleet up` creates it")


def is_older(found: str | None) -> bool:
    """Whether a ledger with the stored schema version `found` can be migrated to this release's."""
    return found is not None and found.isdecimal() and _OLDEST <= int(found) < SCHEMA_VERSION


def check_version(found: str | None) -> None:
    """Raise LedgerError unless a ledger with the stored schema version `found` can be used as it is."""
    if found == str(SCHEMA_VERSION):
        return
    words = f"the ledger has schema {found}, this release reads {SCHEMA_VERSION}: "
    if is_older(found):
        raise LedgerError(f"{words}{MIGRATES}")
    raise LedgerError(f"{words}use the release that wrote it")
