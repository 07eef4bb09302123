"""A state folder that only its owner can enter, whatever the umask: others could read the ids, or hold the locks."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

#: what a farm keeps in its folder
_OWN = ("ledger.sqlite*", "ledger.heads*", "*.lock", "miner-prefix")


def private_umask() -> None:
    """Let only this user read what this process and its children make from now on."""
    os.umask(0o077)


def keep_private(folder: Path) -> None:
    """Let only this user into `folder`, which is made where it is missing, and read what a farm keeps there.

    A folder that is not this user's, is shared (sticky), or holds nothing of a farm keeps its mode: it is for others,
    too. What can't be made is left to those who need it, who say so.
    """
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        own = [path for pattern in _OWN for path in folder.glob(pattern)]
        if own or not any(folder.iterdir()):
            _narrow(folder, 0o700)
        for path in own:
            _narrow(path, 0o600)


def _narrow(path: Path, mode: int) -> None:
    found = path.lstat()
    usual = stat.S_ISREG(found.st_mode) or (stat.S_ISDIR(found.st_mode) and not found.st_mode & stat.S_ISVTX)
    if usual and found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)
