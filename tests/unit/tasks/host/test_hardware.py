from __future__ import annotations

import os
from pathlib import Path

import pytest

from tasks.host import hardware
from tasks.host.cgroup import Groups
from tasks.host.hardware import Gpu, Hardware, detect, parse_gpus


def test_a_host_has_a_core_and_no_more_than_its_affinity_allows() -> None:
    here = detect()
    assert 1 <= here.cpu_cores <= len(os.sched_getaffinity(0))
    assert here.memory_mb > 0


@pytest.mark.parametrize(
    ("quota", "most"),
    [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("", None), ("1 0", None), ("x y", None)],
)
def test_a_quota_cuts_the_cores_and_nonsense_does_not(tmp_path: Path, quota: str, most: int | None) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    affinity = len(os.sched_getaffinity(0))
    assert detect(Groups(root=tmp_path)).cpu_cores == (affinity if most is None else most)


def test_a_memory_limit_cuts_the_memory_and_max_does_not(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{64 * 2**20}\n")
    assert detect(Groups(root=tmp_path)).memory_mb == 64
    (tmp_path / "memory.max").write_text("max\n")
    assert detect(Groups(root=tmp_path)).memory_mb > 64


def test_without_control_groups_nothing_is_cut(tmp_path: Path) -> None:
    assert detect(Groups(root=tmp_path / "none")).cpu_cores == len(os.sched_getaffinity(0))
    assert detect(Groups(root=tmp_path / "none")).memory_mb > 0


def test_every_gpu_of_the_listing_is_read_and_other_lines_are_skipped() -> None:
    listing = "NVIDIA GeForce RTX 4090, 24564\nNo devices were found\nNVIDIA H100, 80GB HBM3, 81559\nX, [N/A]\n, 5\n"
    assert parse_gpus(listing) == (
        Gpu(model="NVIDIA GeForce RTX 4090", memory_mb=24564),
        Gpu(model="NVIDIA H100, 80GB HBM3", memory_mb=81559),
    )


def test_the_largest_gpu_gives_the_gpu_memory() -> None:
    gpus = (Gpu(model="a", memory_mb=8), Gpu(model="b", memory_mb=16))
    assert Hardware(cpu_cores=1, memory_mb=1, gpus=gpus).gpu_memory_mb == 16
    assert Hardware(cpu_cores=1, memory_mb=1).gpu_memory_mb == 0


@pytest.mark.parametrize(
    ("script", "gpus"),
    [
        ("echo 'Tesla T4, 15360'", (Gpu(model="Tesla T4", memory_mb=15360),)),
        ("exit 9", ()),
        ("printf '\\377\\376'", ()),
        ("exec sleep 5", ()),
    ],
)
def test_a_driver_that_fails_hangs_or_babbles_is_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, gpus: tuple[Gpu, ...]
) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(hardware, "GPU_TIMEOUT_S", 0.3)
    assert detect().gpus == gpus
