"""Systemd units and control groups of a host, as `fleet doctor --host` finds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fleet.doctor.diagnosis import Diagnosis, Grade
from fleet.doctor.host_settings import joined_folder
from fleet.doctor.limits import group_diagnoses
from fleet.doctor.units import unit_diagnoses, units
from fleet.hosts.systemd import Installation, Part, unit, unit_name
from tasks.host.cgroup import Groups
from tests.support.diagnoses import about


def installed(folder: Path, given: Mapping[str, str] | None = None, *, system: bool = False) -> list[Diagnosis]:
    """The diagnoses of a unit for an invited host that names these paths."""
    paths = given or {}
    where = Installation(
        command=paths.get("command", "/bin/sh"),
        state_dir=paths.get("state_dir", str(folder)),
        env_file=paths.get("env_file", str(folder / "fleet.env")),
        system=system,
    )
    part = Part(paths.get("part", "join"))
    (folder / unit_name(part)).write_text(unit(part, where), encoding="utf-8")
    return list(unit_diagnoses(units([folder])))


def test_a_unit_whose_paths_are_there_is_no_fault(tmp_path: Path) -> None:
    for system in (False, True):
        found = about("unit", installed(tmp_path, system=system))
        assert found.grade is Grade.OK, found
        assert "/bin/sh join" in found.found


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        ({"command": "/nowhere/fleet"}, "fleet service install join"),
        ({"state_dir": "/etc/hostname/state"}, "fix its permissions"),
        ({"part": "worker"}, "fleet.env"),
    ],
)
def test_a_path_of_a_unit_that_is_gone_is_found(tmp_path: Path, paths: dict[str, str], words: str) -> None:
    found = about("unit", installed(tmp_path, paths))
    assert found.grade in (Grade.FAIL, Grade.WARN)
    assert words in found.advice


def test_a_system_unit_in_a_folder_that_its_user_can_not_enter_is_found(tmp_path: Path) -> None:
    command = tmp_path / "fleet"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    found = about("unit", installed(tmp_path, {"command": str(command)}, system=True))
    assert found.grade is Grade.FAIL
    assert "/opt" in found.advice


def test_the_invitation_that_a_system_unit_keeps_is_found(tmp_path: Path) -> None:
    joined = tmp_path / "state" / "join"
    joined.mkdir(parents=True)
    installed(tmp_path, {"state_dir": str(tmp_path / "state")}, system=True)
    assert joined_folder(tmp_path / "none", list(units([tmp_path]))) is None
    (joined / "FLEET_REDIS_URL").touch()
    assert joined_folder(tmp_path / "none", list(units([tmp_path]))) == joined


def groups_in(folder: Path, **files: str) -> Groups:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return Groups(root=folder)


def test_limits_of_control_groups_are_judged(tmp_path: Path) -> None:
    own = groups_in(tmp_path, cpu_max="200000 100000", memory_max=f"{1 << 30}", memory_events="oom_kill 0")
    assert about("control group", group_diagnoses(own)).found == "it grants 2 cores and 1,024 MB of memory"
    own = groups_in(tmp_path, cpu_max="25000 100000")
    found = about("control group", group_diagnoses(own))
    assert (found.grade, "4.0 times" in found.found) == (Grade.WARN, True)
    own = groups_in(tmp_path, cpu_max="max 100000", memory_events="low 0\noom_kill 3")
    found = about("control group", group_diagnoses(own))
    assert (found.grade, "3 of its processes" in found.found) == (Grade.WARN, True)
