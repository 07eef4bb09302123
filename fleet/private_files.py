"""Keeps the state folder and its files private to their owner, whatever the umask: they hold ids and locks."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

#: files that a farm keeps in its state folder
_FARM = (
    "ledger.sqlite*",
    "ledger.heads*",
    "*.lock",
    "miner-ids*",
    "miner-prefix",
    "status.json*",
    "api-tokens.json",
    "upgrade.json",
)
#: files of a folder that is made private: a farm's, and what an invited host keeps in `join`
_OWN = (*_FARM, "FLEET_REDIS_URL", "neonet-worker-key")


def private_umask() -> None:
    """Make all files that this process and its children create from now on private to this user."""
    os.umask(0o077)


def keep_private(folder: Path) -> None:
    """Make `folder` and a farm's files in it private to this user; create the folder if it is missing.

    A folder keeps its mode if it belongs to another user, is shared (sticky), or holds other files but none of a
    farm's. A folder that can't be created is reported later, by the code that needs it.
    """
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        own = [path for pattern in _OWN for path in folder.glob(pattern)]
        if own or not any(folder.iterdir()):
            _narrow(folder, 0o700)
        for path in own:
            _narrow(path, 0o600)


def replace_private(path: Path, text: str) -> None:
    """Replace a file by one that only this user can read, and that nobody sees half. Raises OSError."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)


def _narrow(path: Path, mode: int) -> None:
    found = path.lstat()
    usual = stat.S_ISREG(found.st_mode) or (stat.S_ISDIR(found.st_mode) and not found.st_mode & stat.S_ISVTX)
    if usual and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)
