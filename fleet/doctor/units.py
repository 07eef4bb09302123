"""The farm's systemd units on this machine: whether what they name is there, and can be used by their user."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, fail, not_checked, ok, warn
from fleet.hosts.unit_paths import obstacle

#: the folders in which `fleet service install` writes units: of the machine, and of this user below the home folder
_SYSTEM_UNITS = Path("/etc/systemd/system")
_USER_UNITS = ".config/systemd/user"
_PATTERN = "neonet-*.service"
_STATE = "FLEET_STATE_DIR="


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """What a unit file names."""

    file: Path
    #: the unit is for the whole machine, and has a user of its own
    system: bool
    command: Path | None
    #: the part of the farm, e.g. `join`
    part: str
    env_file: Path | None
    state_dir: Path | None


def units(folders: Iterable[Path]) -> Iterator[Unit]:
    """The farm's units in these folders. One that can't be read is left out."""
    for folder in folders:
        for file in sorted(folder.glob(_PATTERN)):
            try:
                yield _read(file)
            except (OSError, UnicodeDecodeError):
                continue


def unit_folders() -> tuple[Path, ...]:
    """The folders of units of the machine and of this user."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises for a user without a home folder
    return (_SYSTEM_UNITS, Path(home) / _USER_UNITS) if home.startswith("/") else (_SYSTEM_UNITS,)


def unit_diagnoses(found: Iterable[Unit]) -> Iterator[Diagnosis]:
    """The diagnoses of the units."""
    for one in found:
        faults = [*_faults(one)]
        yield from faults or [ok("unit", f"{one.file.name} runs {one.command} {one.part}".rstrip())]


def _faults(one: Unit) -> Iterator[Diagnosis]:
    name, again = one.file.name, f"`fleet service install {one.part or 'PART'}{' --system' if one.system else ''}`"
    if one.command is None:
        yield fail("unit", f"{one.file} starts nothing", f"write it again by {again}")
    elif not one.command.is_file() or not os.access(one.command, os.X_OK):
        words = f"{name} starts {one.command}, which is not there or is no program"
        yield fail("unit", words, f"install this release there, or write the unit again by {again}")
    elif one.system:
        closed = obstacle(_loaded(one.command))
        if closed is not None:
            yield fail("unit", f"{name} can't run as its own user: {closed}", "install into /opt, or use --user")
    yield from _env_faults(one)
    if one.state_dir is not None and not one.system and not _writable(one.state_dir):
        yield fail(
            "unit", f"{name} keeps its state in {one.state_dir}, which this user can't write", "fix its permissions"
        )


def _env_faults(one: Unit) -> Iterator[Diagnosis]:
    file = one.env_file
    if file is None:
        return
    try:
        file.stat()
    except FileNotFoundError:
        # the other parts start without any setting
        if one.part in ("worker", "coordinator"):
            yield warn("unit", f"{one.file.name} reads its settings from {file}, which is not there", f"write {file}")
    except OSError as exc:
        yield not_checked("unit", f"{file}: {exc.strerror}")


def _loaded(command: Path) -> tuple[Path, ...]:
    """The command, and the interpreter that its first line names."""
    try:
        first, _, _ = command.read_text(encoding="utf-8", errors="replace").partition("\n")
    except OSError:
        return (command,)
    interpreter = first.removeprefix("#!").split() if first.startswith("#!") else []
    return (command, Path(interpreter[0])) if interpreter and interpreter[0].startswith("/") else (command,)


def _writable(folder: Path) -> bool:
    there = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _read(file: Path) -> Unit:
    command, part, env_file, state_dir = None, "", None, None
    rows = file.read_text(encoding="utf-8").splitlines()
    for row in rows:
        key, _, value = row.partition("=")
        words = value.split()
        if key == "ExecStart" and words:
            command, part = Path(words[0]), " ".join(words[1:])
        elif key == "EnvironmentFile" and words:
            env_file = Path(words[0].removeprefix("-"))
        elif key == "Environment":
            state_dir = next((Path(w.removeprefix(_STATE)) for w in words if w.startswith(_STATE)), state_dir)
    system = "DynamicUser=yes" in rows
    return Unit(file=file, system=system, command=command, part=part, env_file=env_file, state_dir=state_dir)
