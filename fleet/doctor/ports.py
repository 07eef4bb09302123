"""Ports that the farm wants to listen on, and who has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, ok, warn
from fleet.local.launch import in_use

_PROC = Path("/proc")
_LISTENS = "0A"
#: words in the command line of the farm's own Flower
_FLOWER = ("tasks", "flower")


def flower_diagnoses(address: str, port: int) -> Iterator[Diagnosis]:
    """Whether Flower's port is free, or used by the Flower of a farm of this user."""
    subject = "flower port"
    if not in_use(address, port):
        yield ok(subject, f"{port} is free")
        return
    command = listener(port)
    if all(word in command for word in _FLOWER):
        yield ok(subject, f"{port} is used by this user's Flower")
        return
    who = Path(command[0]).name if command else "another program"
    words = f"stop that program, or set FLEET_FLOWER__PORT to another port; `ss -ltnp 'sport = :{port}'` shows it"
    yield warn(subject, f"{port} is used by {who}", words)


def listener(port: int) -> list[str]:
    """The command line of the process of this user that listens on a TCP port; empty where it can't be seen."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    for folder in _PROC.glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir()):
                return (folder / "cmdline").read_text(errors="replace").rstrip("\0").split("\0")
        except OSError:
            continue
    return []


def _listening(port: int) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / name).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in map(str.split, lines):
            if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port:
                yield row[9]
