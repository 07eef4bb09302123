"""Checks whether a system unit, which has its own user, can read the files that it is to run."""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

#: folders that PrivateTmp replaces with empty ones
_PRIVATE = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - named, not used
#: folders that ProtectHome hides
_HOMES = (Path("/home"), Path("/root"), Path("/run/user"))


def installed(command: Path) -> tuple[Path, ...]:
    """The paths that a unit loads to run `command` with this Python: interpreter, library, packages, our own code."""
    code = Path(__file__).parent
    return (
        command,
        Path(sys.executable),
        Path(os.__file__).parent,
        Path(sysconfig.get_path("purelib")),
        *(code.with_name(name) for name in ("config", "tasks", "fleet")),
    )


def in_a_home(paths: Iterable[Path]) -> bool:
    """Whether any of the paths lies in a home folder, after following links."""
    return any(step.is_relative_to(home) for path in paths for step in _steps(path) for home in _HOMES)


def obstacle(paths: Iterable[Path]) -> str | None:
    """The first folder or file that keeps a user without groups from running these paths, and why; or None.

    Looks at file modes alone and ignores access control lists.
    """
    for path in paths:
        for step in _steps(path):
            reason = _closed(step)
            if reason is not None:
                return f"{step}: {reason}"
    return None


def _closed(step: Path) -> str | None:
    if any(step.is_relative_to(folder) and step != folder for folder in _PRIVATE):
        return "a system unit has a /tmp and a /var/tmp of its own, in which this is not"
    try:
        mode = step.stat().st_mode
        flags = os.statvfs(step).f_flag
    except OSError as exc:
        return exc.strerror
    if stat.S_ISDIR(mode):
        return None if mode & stat.S_IXOTH else "only its owner and group can enter this folder"
    if not mode & stat.S_IROTH:
        return "only its owner and group can read this file"
    if mode & stat.S_IXUSR and flags & os.ST_NOEXEC:
        return "nothing can be run from this file system, which is mounted noexec"
    return None


def _steps(path: Path) -> Iterator[Path]:
    """Every folder on the way to a path, then the path itself; then the same for the target of a link."""
    for one in dict.fromkeys((path, path.resolve())):
        yield from (*reversed(one.parents), one)
