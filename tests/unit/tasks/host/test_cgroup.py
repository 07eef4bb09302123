"""What control groups grant, in either version and at any depth."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.host.cgroup import Groups
from tasks.host.oom import OomKills, exit_cause

MB = 1 << 20


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def test_version_1_grants_by_quota_and_limit(tmp_path: Path) -> None:
    files = {
        "cpu/cpu.cfs_quota_us": "150000",
        "cpu/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": str(220 * MB),
        "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 14",
    }
    own = Groups(root=tree(tmp_path, files), own="4:memory:/docker/1f\n3:cpu,cpuacct:/docker/1f\n0::/\n")
    assert (own.cpus(), own.memory_bytes(), own.oom_kills()) == (1.5, 220 * MB, 14)


def test_version_1_without_limits_grants_everything(tmp_path: Path) -> None:
    files = {
        "cpu/cpu.cfs_quota_us": "-1",
        "cpu/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": "9223372036854771712",
    }
    own = Groups(root=tree(tmp_path, files))
    assert (own.cpus(), own.memory_bytes(), own.oom_kills()) == (None, None, 0)


def test_version_2_grants_by_the_narrowest_group_around(tmp_path: Path) -> None:
    files = {
        "cpu.max": "400000 100000",
        "farm.slice/cpu.max": "200000 100000",
        "farm.slice/memory.max": str(500 * MB),
        "farm.slice/worker.service/cpu.max": "max 100000",
        "farm.slice/worker.service/memory.max": "max",
        "farm.slice/worker.service/memory.events": "low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 0",
    }
    own = Groups(root=tree(tmp_path, files), own="0::/farm.slice/worker.service\n")
    assert (own.cpus(), own.memory_bytes(), own.oom_kills()) == (2.0, 500 * MB, 2)


def test_in_a_container_the_root_is_its_own_group_whatever_its_path_outside(tmp_path: Path) -> None:
    files = {"cpu.max": "100000 100000", "memory.max": str(64 * MB), "memory.events": "oom_kill 1"}
    own = Groups(root=tree(tmp_path, files), own="0::/system.slice/docker-1f.scope\n")
    assert (own.cpus(), own.memory_bytes(), own.oom_kills()) == (1.0, 64 * MB, 1)


def test_a_path_that_leads_out_of_the_mount_is_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, {"outside/memory.max": "1", "inside/memory.max": str(64 * MB)})
    assert Groups(root=tmp_path / "inside", own="0::/../outside\n").memory_bytes() == 64 * MB


@pytest.mark.parametrize("text", ["", "x", "-5", "1.5", "0x10", "max max"])
def test_nonsense_is_no_limit(tmp_path: Path, text: str) -> None:
    files = {"cpu.max": text, "memory.max": text, "memory.events": text, "cpu/cpu.cfs_quota_us": text}
    own = Groups(root=tree(tmp_path, files), own=text)
    assert (own.cpus(), own.memory_bytes(), own.oom_kills()) == (None, None, 0)


def test_a_kill_for_memory_is_named_once_with_what_is_granted(tmp_path: Path) -> None:
    root = tree(tmp_path, {"memory.max": str(220 * MB), "memory.events": "oom_kill 3"})
    kills = OomKills(Groups(root=root))
    assert exit_cause(-9, kills) == "-9"
    tree(tmp_path, {"memory.events": "oom_kill 4"})
    reason = kills.reason()
    assert reason is not None
    assert "for lack of memory (220 MB are granted)" in reason
    assert kills.reason() is None
    tree(tmp_path, {"memory.events": "oom_kill 5"})
    assert exit_cause(1, kills) == "1"
    assert exit_cause(-9, kills) == "-9: the system kills for lack of memory (220 MB are granted)"
