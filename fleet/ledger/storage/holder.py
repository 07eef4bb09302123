"""Finds which other program holds a SQLite ledger's locks, by name if the system shows it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: SQLite's primary result codes for a lock that another connection holds
LOCKED = frozenset({5, 6})
_LOCKS = Path("/proc/locks")
#: lock bytes of the readers in the write-ahead log's index (SQLite's file format, section 4.4)
_READER_BYTES = range(123, 128)
_ANOTHER = "another program"


@dataclass(frozen=True, kw_only=True, slots=True)
class _FileLock:
    """One line of /proc/locks."""

    exclusive: bool
    pid: int
    #: inode of the file
    inode: int
    first_byte: int


def writer(file: Path) -> str:
    """The program that holds the write lock, such as "sqlite3 (pid 4711)"; "another program" where it is unknown."""
    return _holder(file, lambda lock: lock.exclusive and lock.first_byte not in _READER_BYTES)


def reader(file: Path) -> str:
    """The program whose open read transaction keeps an old state of the ledger, named as by `writer`."""
    return _holder(file, lambda lock: not lock.exclusive and lock.first_byte in _READER_BYTES)


def _holder(file: Path, wanted: Callable[[_FileLock], bool]) -> str:
    inodes = {_inode(file), _inode(file.with_name(f"{file.name}-shm"))}
    own = os.getpid()
    for lock in _file_locks():
        if lock.inode in inodes and lock.pid not in {own, 0, -1} and wanted(lock):
            return f"{_program(lock.pid)} (pid {lock.pid})"
    return _ANOTHER


def _file_locks() -> list[_FileLock]:
    """All POSIX locks of this machine that this process can see; none where the system has no such list."""
    try:
        lines = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    rows = [line.replace("->", "").split() for line in lines]
    return [
        _FileLock(exclusive=row[3] == "WRITE", pid=int(row[4]), inode=int(row[5].split(":")[2]), first_byte=int(row[6]))
        for row in rows
        if len(row) == 8 and row[1] == "POSIX"
    ]


def _inode(file: Path) -> int:
    try:
        return file.stat().st_ino
    except OSError:
        return -1


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"
