"""Real processes under a low limit of open files, and on a processor that is too old."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT, environ, started

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


_OLD_PROCESSOR = """\
import platform
from pathlib import Path
from tasks.host import processor
platform.machine = lambda: "x86_64"
processor.CPUINFO = Path(__file__).with_name("cpuinfo")
"""


def test_a_processor_that_numpy_cannot_use_is_named_before_numpy_ends_the_process(
    settings: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_OLD_PROCESSOR)
    (tmp_path / "cpuinfo").write_text("flags\t\t: fpu de pse tsc msr sse sse2 nx lm pni cx16 hypervisor lahf_lm\n")
    given = settings | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    with started([sys.executable, "-m", "tasks"], tmp_path, environ(tmp_path, given)) as process:
        assert process.wait() == 69
        said = process.err.splitlines()
        assert said[-1].startswith("this processor lacks popcnt, sse4_1, sse4_2, ssse3, which numpy needs (x86-64-v2)")
        assert "Traceback" not in process.err


def test_a_coordinator_names_the_limit_that_its_connections_exceed(tmp_path: Path) -> None:
    argv = ["bash", "-c", f"ulimit -n 100 && exec {sys.executable} -m fleet coordinator"]
    with started(argv, tmp_path, environ(tmp_path)) as process:
        # no server is named
        assert process.wait() == 69
        assert "64 connections to the server need more open files than are allowed" in process.err
        assert "FLEET_HTTP__CONNECTIONS to 36 or less" in process.err
