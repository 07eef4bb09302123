"""Decides when a changed file is read: only once it has been still for a second. Pure.

A file that still changes may be half-written.
"""

from __future__ import annotations

from pathlib import Path

#: seconds that a file must stay as it is
STILL_S = 1.0

#: time of the last change in ns, inode and size; None where there is no file
Look = tuple[int, int, int] | None


def look_at(path: Path) -> Look:
    """How the file looks now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


class FileWatch:
    """Compares looks at one file. Times are monotonic seconds."""

    def __init__(self, look: Look, now: float) -> None:
        self._read = self._last = look
        self._since = now

    def settled(self, look: Look, now: float) -> bool:
        """Whether the file differs from the one that was last read, and has been still. True once for each change."""
        if look != self._last:
            self._last, self._since = look, now
        if look == self._read or now - self._since < STILL_S:
            return False
        self._read = look
        return True

    def read(self, look: Look) -> None:
        """The file was read as it looks now, for another reason."""
        self._read = self._last = look
