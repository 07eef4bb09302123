"""A real worker under a low limit of open files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.processes import environ, started

PROCESSES = 64


def limited(soft: int, hard: int) -> list[str]:
    return ["bash", "-c", f"ulimit -Sn {soft} && ulimit -Hn {hard} && exec {sys.executable} -m tasks"]


@pytest.fixture
def settings(empty_redis_url: str) -> dict[str, str]:
    return {"FLEET_REDIS_URL": empty_redis_url, "FLEET_WORKER__CONCURRENCY": str(PROCESSES)}


def test_a_soft_limit_is_raised_to_the_hard_one(settings: dict[str, str], tmp_path: Path) -> None:
    with started(limited(256, 1024), tmp_path, environ(tmp_path, settings)) as process:
        process.says("ready.")


def test_a_hard_limit_that_is_too_low_is_named_at_the_start(settings: dict[str, str], tmp_path: Path) -> None:
    with started(limited(256, 256), tmp_path, environ(tmp_path, settings)) as process:
        assert process.wait() == 78
        assert "64 processes need 448 open files, and 256 are allowed" in process.err
        assert "FLEET_WORKER__CONCURRENCY to 32 or less" in process.err
        assert "Traceback" not in process.err


def test_the_door_loads_neither_numpy_nor_flower(tmp_path: Path) -> None:
    """Each starts on a machine that can't load what the other needs."""
    code = (
        "import sys, tasks.__main__ as door; print(*(name in sys.modules for name in ('numpy', 'flower', 'tornado')))"
    )
    with started([sys.executable, "-c", code], tmp_path, environ(tmp_path)) as process:
        assert process.wait() == 0
        assert process.out.split() == ["False", "False", "False"]
