"""A system unit that could not start what it names is refused before it is written, with the folder that is closed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fleet.commands import service
from fleet.hosts.systemd import Installation, Part, unit
from fleet.hosts.unit_paths import in_a_home, obstacle


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user can enter, outside of the two that a unit has of its own."""
    path = Path(tempfile.mkdtemp(prefix=".neonet-test-", dir=_open_place()))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def _open_place() -> Path:
    """Where this user can write and any user can enter."""
    for place in (Path("/opt"), Path("/srv"), Path("/dev/shm")):
        try:
            with tempfile.TemporaryDirectory(dir=place):
                return place
        except OSError:
            continue
    raise AssertionError("neither /opt, /srv nor /dev/shm can be written")


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_of_the_system_is_open_to_all() -> None:
    assert obstacle([Path("/usr/bin/env")]) is None
    assert not in_a_home([Path("/usr/bin/env")])


def test_a_closed_folder_on_the_way_is_named(folder: Path) -> None:
    command = program(folder / "closed" / "bin" / "fleet")
    (folder / "closed").chmod(0o750)
    assert obstacle([command]) == f"{folder}/closed: only its owner and group can enter this folder"


def test_a_closed_folder_behind_a_link_is_named(folder: Path) -> None:
    python = program(folder / "closed" / "python3")
    (folder / "closed").chmod(0o700)
    (folder / "venv").mkdir()
    (folder / "venv" / "python").symlink_to(python)
    assert obstacle([folder / "venv" / "python"]) == f"{folder}/closed: only its owner and group can enter this folder"


def test_a_file_that_only_its_owner_reads_is_named(folder: Path) -> None:
    command = program(folder / "fleet")
    command.chmod(0o700)
    assert obstacle([command]) == f"{command}: only its owner and group can read this file"


@pytest.mark.parametrize("place", ["/tmp", "/var/tmp"])
def test_what_lies_in_a_folder_that_the_unit_has_of_its_own_is_named(place: str) -> None:
    with tempfile.TemporaryDirectory(dir=place) as path:
        said = obstacle([program(Path(path) / "fleet")])
    assert said == f"{path}: a system unit has a /tmp and a /var/tmp of its own, in which this is not"


def test_what_is_gone_is_named(folder: Path) -> None:
    assert obstacle([folder / "gone"]) == f"{folder}/gone: No such file or directory"


def test_an_installation_in_a_home_is_readable_for_its_unit() -> None:
    assert in_a_home([Path("/opt/fleet/bin/fleet"), Path("/home/farmer/.local/share/python")])
    where = Installation(command="/opt/x/fleet", state_dir="/s", env_file="/e", system=True, in_home=True)
    assert "ProtectHome=read-only" in unit(Part.UP, where)


def test_the_command_refuses_and_writes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(folder / "closed" / "bin" / "fleet")
    (folder / "closed").chmod(0o700)
    units = folder / "units"
    monkeypatch.setattr(sys, "executable", str(folder / "closed" / "bin" / "python"))
    monkeypatch.setattr(service, "_SYSTEM_UNITS", units)
    monkeypatch.setattr(service, "_SYSTEM_ENV", folder / "fleet.env")
    done = CliRunner().invoke(service.service, ["install", "worker", "--system", "--no-start"])
    assert done.exit_code == 77
    assert f"{folder}/closed: only its owner and group can enter this folder" in done.output
    assert "install into /opt" in done.output
    assert not units.exists()


@pytest.mark.parametrize("part", Part)
def test_units_start_after_the_clock_was_set(part: Part) -> None:
    text = unit(part, Installation(command="/x/fleet", state_dir="/s", env_file="/e", system=True))
    after = next(line for line in text.splitlines() if line.startswith("After="))
    assert "time-sync.target" in after.removeprefix("After=").split()
