"""Detects that a SQLite ledger's file was deleted, replaced or cut off while open, and saves its contents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DatabaseError

#: first bytes of every SQLite file, up to where they vary
_BEGINNING = b"SQLite format 3\x00"


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite ledger; None for one in memory, one named by a SQLite URI, or another database."""
    name = url.database
    named = url.get_backend_name() == "sqlite" and name and not name.startswith((":", "file:"))
    return Path(name) if named and name else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """The identity of a file at the last look."""

    device: int
    inode: int


class LedgerFile:
    """The ledger's file and its write-ahead log, which other connections of this process have open."""

    def __init__(self, file: Path) -> None:
        self._file = file
        #: never closed: that would drop the POSIX locks that this process holds on the file
        self._reader = self._file.open("rb", buffering=0)
        self._seen: dict[Path, _Seen] = {}
        self._size = 0

    def flaw(self) -> str | None:
        """A sentence on what happened to the file since the last look; None while it is intact."""
        for path in (self._file, self._file.with_name(f"{self._file.name}-wal")):
            known, now = self._seen.get(path), _look(path)
            if known is None and now is not None:
                self._seen[path] = now
            elif known is not None and now is None:
                return f"{path} was deleted"
            elif known != now:
                return f"{path} was replaced by another file"
        return self._content_flaw()

    def _content_flaw(self) -> str | None:
        self._reader.seek(0)
        if self._reader.read(len(_BEGINNING)) not in {_BEGINNING, b""}:
            return f"{self._file} was overwritten"
        size = self._file.stat().st_size
        if size < self._size:
            return f"{self._file} was cut off, from {self._size} bytes to {size}"
        self._size = size
        return None

    def close(self) -> None:
        """Stop watching, once no connection has the file open."""
        self._reader.close()

    def rescue(self, connection: Connection) -> str:
        """Save the contents of an open connection to a new file. Returns where it is, or why that failed, in words."""
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        copy = self._file.with_name(f"{self._file.name}.rescued-{now}")
        try:
            connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))
        except DatabaseError as exc:
            return f"its content can't be saved: {exc.orig}; restore a backup"
        return f"its content is in {copy}: put that in its place, without ledger.sqlite-wal, or restore a backup"


def _look(path: Path) -> _Seen | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _Seen(device=found.st_dev, inode=found.st_ino)
