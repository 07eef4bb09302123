"""The disk under the ledger: its kind, its speed, and how long its free space lasts."""

from __future__ import annotations

import errno
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.ledger.storage.mounts import NETWORKED, file_system, read_only_disk

#: free bytes below which the disk may fill up within a day, and below which to warn
_LEAST_BYTES, _LOW_BYTES = 64 << 20, 1 << 30
#: days of the ledger's growth for which there should be room
_LOW_DAYS = 14
#: file systems in memory, whose files are lost when the machine stops
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
#: milliseconds above which the ledger's commits delay jobs
_SLOW_MS = 200.0
_TRIES = 5
_BLOCK = bytes(4096)
_FULL = {errno.ENOSPC: "no space is left", errno.EDQUOT: "the quota is used up"}
_MOVE = "put FLEET_STATE_DIR on a local disk, or name a PostgreSQL ledger with FLEET_LEDGER_URL"
_FREE = "free space, or move FLEET_STATE_DIR to a larger disk"


def disk_diagnoses(folder: Path, growth_bytes_per_day: float | None, *, sqlite: bool) -> Iterator[Diagnosis]:
    """The diagnoses of the disk that holds the state folder, or will hold it once it is made.

    Writes 20 kB to a file without a name, which is gone when it is closed. `growth_bytes_per_day` is None where
    unknown. `sqlite` is whether the ledger lies there, too.
    """
    there = _existing(folder)
    yield judged_kind(file_system(there), sqlite=sqlite)
    yield _judged_writes(there, folder)
    room = os.statvfs(there)
    if room.f_files and not room.f_favail:
        yield fail("disk space", "no more files can be made on this disk: its inodes are used up", _FREE)
    yield judged_space(room.f_bavail * room.f_frsize, growth_bytes_per_day)


def judged_kind(kind: str, *, sqlite: bool) -> Diagnosis:
    """The diagnosis of a file system by its type."""
    subject = "file system"
    if not kind:
        return not_checked(subject, "this system does not show it")
    name = NETWORKED.get(kind)
    if name is not None and sqlite:
        return fail(
            subject, f"the ledger would lie on {name}, where SQLite's locks and write-ahead log don't work", _MOVE
        )
    if name is not None:
        return warn(subject, f"the state folder lies on {name}, where locks are unreliable", _MOVE)
    if kind in _IN_MEMORY:
        lost = "the ledger" if sqlite else "what the state folder keeps"
        return warn(subject, f"{kind} lies in memory: {lost} is lost when the machine restarts", _MOVE)
    return ok(subject, kind)


def judged_space(free_bytes: int, growth_bytes_per_day: float | None) -> Diagnosis:
    """The diagnosis of the free space, with the days that it lasts where the ledger's growth is known."""
    subject, free = "disk space", f"{free_bytes / 2**30:.1f} GB free"
    days = free_bytes / growth_bytes_per_day if growth_bytes_per_day else None
    lasts = "" if days is None else f", enough for {min(days, 9_999):,.0f} days of the ledger's growth"
    if free_bytes < _LEAST_BYTES:
        return fail(subject, f"{free_bytes / 2**20:.0f} MB free{lasts}", _FREE)
    if free_bytes < _LOW_BYTES or (days is not None and days < _LOW_DAYS):
        return warn(subject, f"{free}{lasts}", _FREE)
    return ok(subject, f"{free}{lasts}")


def _judged_writes(there: Path, folder: Path) -> Diagnosis:
    subject = "disk writes"
    if read_only_disk(there):
        return fail(subject, f"the disk of {there} is read-only", "mount it for writing; see `dmesg` for why it is not")
    if not os.access(there, os.W_OK | os.X_OK):
        return fail(
            subject,
            f"{there} can't be written by this user",
            f"fix its permissions, or set FLEET_STATE_DIR to a folder other than {folder}",
        )
    try:
        return judged_fsync(_fsync_ms(there))
    except OSError as exc:
        words = _FULL.get(exc.errno or 0)
        if words is not None:
            return fail(subject, f"{words} on the disk of {there}", _FREE)
        if exc.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return not_checked(subject, "this file system has no unnamed files, by which the disk would be timed")
        return fail(subject, f"writing to {there} failed: {exc.strerror}", "look at the disk's health with `dmesg`")


def judged_fsync(median_ms: float) -> Diagnosis:
    """The diagnosis of the time that the disk takes to store 4 kB durably."""
    subject = "disk writes"
    if median_ms > _SLOW_MS:
        words = f"the disk takes {median_ms:.0f} ms to keep a write for good, which delays each booking"
        return warn(subject, words, "put FLEET_STATE_DIR on an SSD, or stop what else writes there")
    return ok(subject, f"fsync takes {median_ms:.1f} ms")


def _fsync_ms(folder: Path) -> float:
    unnamed = getattr(os, "O_TMPFILE", None)
    if unnamed is None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    descriptor = os.open(folder, unnamed | os.O_RDWR, 0o600)
    try:
        times = []
        for _ in range(_TRIES):
            os.write(descriptor, _BLOCK)
            before = time.monotonic()
            os.fsync(descriptor)
            times.append((time.monotonic() - before) * 1000)
    finally:
        os.close(descriptor)
    return statistics.median(times)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next((path for path in (folder, *folder.absolute().parents) if path.is_dir()), Path("/"))
