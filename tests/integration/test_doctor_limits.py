"""Low limits of a process, as `fleet doctor` finds them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT, environ

_ASK = (
    "from fleet.doctor.limits import Demand, machine_diagnoses\n"
    "for one in machine_diagnoses(Demand(miners={miners}, connections=64, processes=2)):\n"
    "    print(one.grade.value, one.subject, one.found, one.advice, sep=' | ')\n"
)


def asked(folder: Path, *limits: str, miners: int = 8) -> list[str]:
    """The diagnoses of a process with these limits."""
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("no prlimit")
    argv = [prlimit, *limits, sys.executable, "-c", _ASK.format(miners=miners)]
    done = subprocess.run(argv, cwd=ROOT, env=environ(folder), capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_usual_limits_are_no_fault(tmp_path: Path) -> None:
    assert not [line for line in asked(tmp_path, "--nofile=1024:1024") if line.startswith(("fail", "warn"))]


@pytest.mark.parametrize(("files", "miners", "grade"), [(100, 40, "warn"), (50, 8, "fail")])
def test_too_few_open_files_for_the_miners_are_found(tmp_path: Path, files: int, miners: int, grade: str) -> None:
    lines = asked(tmp_path, f"--nofile={files}:{files}", miners=miners)
    found = next(line for line in lines if " | open files | " in line)
    assert found.startswith(f"{grade} | ")
    assert "LimitNOFILE=" in found


def test_too_few_open_files_for_the_worker_are_found(tmp_path: Path) -> None:
    found = next(line for line in asked(tmp_path, "--nofile=70:70") if " | worker open files | " in line)
    assert found.startswith("fail | ")
    assert "FLEET_WORKER__CONCURRENCY" in found
