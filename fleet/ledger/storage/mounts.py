"""Detects the kind of file system that a folder is on, as far as the system shows it."""

from __future__ import annotations

import os
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
#: network file systems, whose locks and shared memory don't work between hosts; SQLite needs both
NETWORKED = {
    "nfs": "NFS",
    "nfs4": "NFS",
    "cifs": "SMB",
    "smb2": "SMB",
    "smb3": "SMB",
    "smbfs": "SMB",
    "ncpfs": "NCP",
    "afs": "AFS",
    "fuse.sshfs": "SSHFS",
    "fuse.davfs": "WebDAV",
}


def networked(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The name of the network file system that holds `folder`, such as "NFS"; None for a local one."""
    return NETWORKED.get(file_system(folder, mounts))


def file_system(folder: Path, mounts: Path = _MOUNTS) -> str:
    """The type of the file system that holds `folder`, such as "ext4"; empty where unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    return kind_of(folder.resolve(), lines)


def kind_of(folder: Path, mountinfo: list[str]) -> str:
    """The type of the file system that holds a folder, from the lines of /proc/PID/mountinfo; empty when unknown.

    Of several mounts at the same place the last counts, since it hides the others.
    """
    found, longest = "", -1
    for line in mountinfo:
        before, dash, after = line.partition(" - ")
        parts = before.split(" ")
        if not dash or len(parts) < 5:
            continue
        point = Path(_unescaped(parts[4]))
        if folder.is_relative_to(point) and len(point.parts) >= longest:
            found, longest = after.split(" ")[0], len(point.parts)
    return found


def _unescaped(path: str) -> str:
    """A path from the kernel, which writes spaces and backslashes as octal numbers."""
    raw = os.fsencode(path)
    for code in (b"040", b"011", b"012", b"134"):
        raw = raw.replace(b"\\" + code, bytes([int(code, 8)]))
    return os.fsdecode(raw)


def unchanging(file: Path) -> bool:
    """Whether a SQLite file and its write-ahead log are on a read-only disk, where nobody can write them."""
    log = file.with_name(f"{file.name}-wal")
    try:
        return read_only_disk(file) and not (log.exists() and log.stat().st_size)
    except OSError:
        return False


def read_only_disk(path: Path) -> bool:
    """Whether a file or folder is on a disk that is mounted for reading only. Raises OSError where it is not there."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
