"""The modes of a farm's files: other users of this machine must neither read nor change secrets, ids and ledger."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.ledger.storage.mounts import read_only_disk
from fleet.private_files import keep_private

_OTHERS = 0o007


def mode_diagnoses(
    state_dirs: Iterable[Path],
    secrets: Iterable[Path],
    *,
    fix: bool,
    command: str = "fleet doctor --fix",
    contained: bool = False,
) -> Iterator[Diagnosis]:
    """The diagnoses of the state folders, and of the files that hold secrets. With `fix`, modes are corrected first.

    `command` is what corrects them, as the advice names it. `contained` is whether this is a container, where files of
    the host may be mounted.
    """
    for folder in state_dirs:
        if fix and folder.is_dir():
            keep_private(folder)
        yield _judged_folder(folder, command)
    for path in secrets:
        if fix:
            _narrow(path)
        yield _judged_secret(path, command, contained=contained)


def open_to_others(path: Path) -> str:
    """What users other than the owner and its group may do with a file: "read", "change", or "" for nothing.

    They must be able to enter each folder above it. Raises OSError where that can't be seen.
    """
    mode = path.stat().st_mode & _OTHERS
    if not mode & 0o006 or not _reachable(path):
        return ""
    return "change" if mode & 0o002 else "read"


def _judged_folder(folder: Path, command: str) -> Diagnosis:
    subject = "state folder"
    try:
        found = folder.stat()
        opened = open_to_others(folder) or ("enter" if found.st_mode & 0o001 and _reachable(folder) else "")
    except FileNotFoundError:
        return ok(subject, f"{folder} does not exist yet; the first run makes it private")
    except OSError as exc:
        return not_checked(subject, f"{folder}: {exc.strerror}")
    if found.st_uid not in (os.geteuid(), 0) and os.geteuid():
        return warn(subject, f"{folder} belongs to another user", f"run the farm as that user, or `chown` {folder}")
    if opened:
        words = f"every user of this machine can {opened} {folder}, which holds the ledger and the miners' ids"
        return fail(subject, words, f"`chmod 700 {folder}`, or `{command}`")
    return ok(subject, f"{folder} is private")


def _reachable(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _judged_secret(path: Path, command: str, *, contained: bool) -> Diagnosis:
    subject = "secrets"
    try:
        opened = open_to_others(path)
        mounted = contained and _unchangeable(path)
    except OSError as exc:
        return not_checked(subject, f"{path}: {exc.strerror}")
    if opened and mounted:
        words = f"users of the host can {opened} {path}, which holds a secret, unless a folder above it keeps them out"
        # the mode of the file alone can't: it seldom belongs to the container's user, who has to read it, too
        advice = (
            f"let only this container's group into its folder: on the host, `sudo chgrp {os.getegid()}` and `chmod 750`"
        )
        return warn(subject, words, advice)
    if opened:
        words = f"every user of this machine can {opened} {path}, which holds a secret"
        return fail(subject, words, f"`chmod 600 {path}`, or `{command}`; then make new secrets, as they may be known")
    return ok(subject, f"{path} is private")


def _unchangeable(path: Path) -> bool:
    """Whether this process can't change a file's mode."""
    foreign = os.geteuid() not in (0, path.stat().st_uid)
    return foreign or read_only_disk(path)


def _narrow(path: Path) -> None:
    """Remove other users' permissions from this user's file; links and other users' files stay as they are.

    A file that is not there or can't be changed stays as it is, too, and is judged afterwards.
    """
    with contextlib.suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
