"""Ports that the farm wants to listen on, and who has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, ok, warn
from fleet.local.launch import in_use

_PROC = Path("/proc")
_LISTENS = "0A"


@dataclass(frozen=True, kw_only=True, slots=True)
class FarmPort:
    """A port that a part of the farm listens on."""

    #: the part, e.g. `flower`
    part: str
    address: str
    port: int
    #: words in the command line of that part
    command: tuple[str, ...]
    #: the environment variable that sets another port
    setting: str


def port_diagnoses(wanted: FarmPort) -> Iterator[Diagnosis]:
    """Whether a port is free, or used by that part of a farm of this user."""
    subject = f"{wanted.part} port"
    if not in_use(wanted.address, wanted.port):
        yield ok(subject, f"{wanted.port} is free")
        return
    command = listener(wanted.port)
    # a program may be named by its path
    if set(wanted.command) <= {Path(word).name for word in command}:
        yield ok(subject, f"{wanted.port} is used by this user's {wanted.part}")
        return
    who = Path(command[0]).name if command else "another program"
    words = f"stop it, or set {wanted.setting} to another port; `ss -ltnp 'sport = :{wanted.port}'` shows it"
    yield warn(subject, f"{wanted.port} is used by {who}", words)


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
