"""Heads of the ledger's chains, kept in a file of their own: what tells that a ledger was lost, cut off or swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fleet.errors import LedgerError, LedgerLost

#: beside the ledger, or in the state folder where the ledger is another database
HEADS_FILE = "ledger.heads"
#: lines that are kept; of older ones every second goes
_MOST_LINES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """How far a server's chain had come at a moment."""

    server: str
    #: number of entries, and the hash of the last one in hex
    entries: int
    hash: str
    #: UTC, ISO 8601
    at: str

    def line(self) -> str:
        """The head as a line of the file, the server last, since its name may hold anything."""
        return f"{self.at} {self.entries} {self.hash} {self.server}"

    def stated(self) -> dict[str, object]:
        """The head for a JSON object."""
        return {"server": self.server, "entries": self.entries, "head": self.hash}

    @staticmethod
    def read(line: str) -> Head:
        """The head of a line; raises ValueError when it is none."""
        at, entries, digest, server = line.split(" ", 3)
        bytes.fromhex(digest)
        return Head(server=server, entries=int(entries), hash=digest, at=at)


def kept_heads(file: Path) -> list[Head]:
    """All heads that the file holds, oldest first; none where it is missing.

    Raises LedgerError when it can't be read, or holds something else.
    """
    if not file.exists():
        return []
    try:
        return [Head.read(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as exc:
        raise LedgerError(f"{file} holds no heads of a ledger: {exc}; restore it, or remove it") from exc


def keep_heads(file: Path, heads: Iterable[Head]) -> None:
    """Add those heads that are news. Raises LedgerError when the file can't be written."""
    known = kept_heads(file)
    latest = {head.server: head for head in known}
    news = [head for head in heads if head.server not in latest or latest[head.server].hash != head.hash]
    if not news:
        return
    lines = [*_thinned(known), *news]
    unfinished = file.with_name(f"{file.name}.part")
    try:
        unfinished.write_text("".join(f"{head.line()}\n" for head in lines), encoding="utf-8")
        unfinished.replace(file)
    except OSError as exc:
        raise LedgerError(f"{file}: {exc.strerror}; choose a folder that can be written by FLEET_STATE_DIR") from exc


def refuse_lost(ledger: Path, heads: Iterable[Head]) -> None:
    """Raise LedgerLost when the ledger's file is gone or empty though its chains had entries."""
    had = [head for head in latest_heads(heads).values() if head.entries]
    if not had or (ledger.exists() and ledger.stat().st_size):
        return
    newest = max(had, key=lambda head: head.at)
    saved = sorted(ledger.parent.glob(f"{ledger.name}.rescued-*"))
    copy = f"put {saved[-1]} in its place" if saved else "restore a backup"
    raise LedgerLost(
        f"the ledger {ledger} is gone: at {newest.at} it had {newest.entries} entries for {newest.server}; {copy}, "
        f"or remove {ledger.with_name(HEADS_FILE)} to begin an empty one"
    )


def doubts(heads: Iterable[Head], hash_of: Callable[[str, int], str | None]) -> list[str]:
    """What speaks against this being the ledger whose heads were kept, by server; `hash_of` gives an entry's hash."""
    said = []
    for head in latest_heads(heads).values():
        found = hash_of(head.server, head.entries) if head.entries else head.hash
        if found != head.hash:
            what = "is not the one that was there" if found else "is missing"
            said.append(
                f"entry {head.entries} of {head.server}, kept at {head.at}, {what}: "
                "this ledger is an older copy or another one, or was cut off"
            )
    return said


def latest_heads(heads: Iterable[Head]) -> dict[str, Head]:
    """The newest head of each server."""
    return {head.server: head for head in heads}


def _thinned(heads: list[Head]) -> list[Head]:
    if len(heads) < _MOST_LINES:
        return heads
    half = len(heads) // 2
    return [*heads[:half:2], *heads[half:]]
