"""A file lock that allows one holder of a folder at a time."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from fleet.errors import LedgerError, LedgerLocked
from fleet.private_files import keep_private
from tasks.host.no_link import no_link

#: a random id that Linux makes at each boot
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Lock:
    """At most one holder of a folder: a file lock that ends with its process, however that dies.

    The folder is made private, since any other user who can open the file could hold the lock.

    Raises LedgerLocked, with the holder's name, when another process holds it.
    """

    def __init__(self, path: Path, holder: str = "coordinator") -> None:
        keep_private(path.parent)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = open(path, "a+", opener=no_link)  # noqa: SIM115 - held until `release`
        except OSError as exc:
            raise LedgerError(f"{path}: {exc.strerror}; choose a writable folder with FLEET_STATE_DIR") from exc
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            other = self._file.read().strip() or "another process"
            self._file.close()
            raise LedgerLocked(
                f"{path.parent} is held by {other}; stop it, or give this one a folder of its own with FLEET_STATE_DIR"
            ) from None
        self._file.truncate(0)
        self._file.write(f"{holder} {os.getpid()} on {socket.gethostname()}\n")
        self._file.flush()

    @property
    def seat(self) -> str:
        """A key that only this process holds until the machine restarts: the lock file by boot id, device and inode."""
        try:
            boot = _BOOT.read_text(encoding="ascii").strip()
        except OSError:
            boot = socket.gethostname()
        file = os.fstat(self._file.fileno())
        return f"{boot}:{file.st_dev}:{file.st_ino}"

    def release(self) -> None:
        """Release the folder for another coordinator."""
        self._file.close()
