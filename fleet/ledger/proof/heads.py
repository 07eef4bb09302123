"""A file with the heads of a ledger's chains, which shows that the ledger was lost, cut off or swapped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from fleet.errors import LedgerError, LedgerLost
from tasks.host.no_link import no_link

#: name of the file, beside the ledger or, for another database than SQLite, in the state folder
HEADS_FILE = "ledger.heads"
#: maximum number of lines; above it, every second older one is dropped
_MOST_LINES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """How far a server's chain had come at one moment."""

    server: str
    #: number of entries, and the last one's hash in hex
    entries: int
    hash: str
    #: UTC, ISO 8601
    at: str

    def line(self) -> str:
        """The head as a line of the file. The server's name comes last, since it may hold any character."""
        return f"{self.at} {self.entries} {self.hash} {self.server}"

    def stated(self) -> dict[str, object]:
        """The head as a JSON object."""
        return {"server": self.server, "entries": self.entries, "head": self.hash}

    @staticmethod
    def read(line: str) -> Head:
        """The head that a line holds. Raises ValueError for a malformed line."""
        at, entries, digest, server = line.split(" ", 3)
        bytes.fromhex(digest)
        return Head(server=server, entries=int(entries), hash=digest, at=at)


def kept_heads(file: Path) -> list[Head]:
    """All heads in the file, oldest first; none where it is missing.

    Raises LedgerError when the file can't be read or holds anything else.
    """
    if not file.exists():
        return []
    try:
        return [Head.read(line) for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as exc:
        raise LedgerError(f"{file} holds no heads of a ledger: {exc}; restore it, or remove it") from exc


def keep_heads(file: Path, heads: Iterable[Head]) -> None:
    """Append the heads that have changed. Raises LedgerError when the file can't be written."""
    known = kept_heads(file)
    latest = {head.server: head for head in known}
    news = [head for head in heads if head.server not in latest or latest[head.server].hash != head.hash]
    if not news:
        return
    lines = [*_thinned(known), *news]
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with open(unfinished, "w", encoding="utf-8", opener=no_link) as beside:
            beside.writelines(f"{head.line()}\n" for head in lines)
        unfinished.replace(file)
    except OSError as exc:
        raise LedgerError(f"{file}: {exc.strerror}; choose a writable folder with FLEET_STATE_DIR") from exc


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
    """A sentence for each reason why this is not the ledger whose heads were kept.

    `hash_of` returns the hash of a server's entry by its number.
    """
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
