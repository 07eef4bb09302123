"""The coordinator's file for a health check: fresh and empty while all is well, and why it is not otherwise."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from fleet.coordinator.alive_file import AliveFile
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.answers import Registration
from fleet.errors import Foreign
from fleet.server.prospect import Prospect
from tests.support.processes import ROOT

#: all that the alive file asks of a farm
FARM = cast("Farm", SimpleNamespace(workers=SimpleNamespace(absent_since=None, pausing="")))
FRESH = ROOT / "docker/fresh"
ELSEWHERE = Foreign(301, "redirected to https://new.example/", "https://new.example/")


def fresh(path: Path, seconds: int = 20) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FRESH, path, str(seconds)], capture_output=True, text=True, check=False, timeout=30)


def ticked(prospect: Prospect, path: Path, now: float) -> None:
    alive = AliveFile(path, (), prospect)
    alive.tick(FARM, now)


def prospect(since_s: float) -> Prospect:
    """That of a farm that runs for so long."""
    return Prospect("https://neonet.example.com", mined=False, patience_s=None, now=time.monotonic() - since_s)


@pytest.mark.parametrize(("since_s", "code"), [(60, 0), (121, 1)])
def test_a_server_that_never_gives_a_job_turns_the_health_red_after_two_minutes(
    tmp_path: Path, since_s: float, code: int
) -> None:
    ahead, path = prospect(since_s), tmp_path / "alive"
    ahead.observe(ELSEWHERE)
    ticked(ahead, path, time.monotonic())
    health = fresh(path)
    assert health.returncode == code
    assert ("redirects to https://new.example/" in health.stderr) == bool(code)


def test_the_health_is_green_again_once_the_server_answers(tmp_path: Path) -> None:
    ahead, path = prospect(121), tmp_path / "alive"
    alive = AliveFile(path, (), ahead)
    ahead.observe(ELSEWHERE)
    alive.tick(FARM, time.monotonic())
    assert fresh(path).returncode == 1
    ahead.observe(Registration(new=True))
    alive.tick(FARM, time.monotonic() + 10)
    assert fresh(path).returncode == 0


def test_a_file_that_was_red_in_an_earlier_life_is_emptied_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "alive"
    path.write_text("it was red\n")
    ticked(prospect(0), path, time.monotonic())
    assert fresh(path).returncode == 0


def test_an_old_or_missing_file_is_not_healthy(tmp_path: Path) -> None:
    path = tmp_path / "alive"
    assert fresh(path).returncode != 0
    path.touch()
    os.utime(path, (time.time() - 100, time.time() - 100))
    assert fresh(path).returncode == 1
    assert fresh(path, 1000).returncode == 0
