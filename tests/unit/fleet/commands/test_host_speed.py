"""A host's measurement is kept by hardware and versions, read back, and compared with that of an equal host."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from fleet.commands.exits import Failure
from fleet.commands.host_speed import HostSpeed, Speed, differences, keep, kept_speeds, per_job, read
from tasks.bench.gpu import SPEED_FILE, GpuMeasurement, kept_gpu
from tasks.compute.gpu_choice import DeviceSpeeds

SPEED = Speed(name="inference 64×16", job_type="inference", jobs_per_s=7873.4, cpu_ms=0.031, digest="ab" * 32)
OURS = HostSpeed(
    inventory={"key": "a", "kind": ["x86_64", "2.4"]},
    processes=2,
    note="",
    at_ms=1_800_000_000_000,
    speeds=(SPEED, replace(SPEED, name="data_hash", digest="cd" * 32)),
)


def test_it_survives_its_json() -> None:
    assert read(json.dumps(OURS.stated())) == OURS


def test_what_was_measured_of_a_gpu_is_kept_for_the_workers(tmp_path: Path) -> None:
    speeds = DeviceSpeeds(job_type="matrix_multiply", size=(512,), cpu_per_s=40.0, gpu_per_s=400.0)
    measured = GpuMeasurement(processes=2, at_gpu=1, speeds=(speeds,))
    found = replace(OURS, gpu=measured)
    assert read(json.dumps(found.stated())) == found
    keep(tmp_path, found)
    assert kept_gpu(tmp_path, found.key) == measured
    keep(tmp_path, OURS)
    assert kept_gpu(tmp_path, found.key) is None


def test_a_measurement_of_an_earlier_release_has_none_of_a_gpu() -> None:
    fields = OURS.stated()
    del fields["gpu"]
    assert read(json.dumps(fields)) == OURS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"speeds": 1}',
        "[" * 100_000,
        json.dumps(OURS.stated() | {"processes": "x"}),
        json.dumps(OURS.stated() | {"at_ms": float("inf")}),
        json.dumps(OURS.stated() | {"gpu": 3}),
    ],
)
def test_another_file_is_refused_as_such(text: str) -> None:
    with pytest.raises(Failure, match="no measurement of"):
        read(text)


def test_a_newer_one_of_the_same_hardware_takes_its_place(tmp_path: Path) -> None:
    other = replace(OURS, inventory={"key": "b", "kind": []})
    newer = replace(OURS, at_ms=OURS.at_ms + 1)
    for one in (OURS, other, newer):
        keep(tmp_path, one)
    assert kept_speeds(tmp_path) == [other, newer]


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    for number in range(30):
        keep(tmp_path, replace(OURS, inventory={"key": f"{number}", "kind": []}))
    kept = kept_speeds(tmp_path)
    assert [one.key for one in kept] == [f"{number}" for number in range(10, 30)]


def test_a_broken_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / SPEED_FILE).write_text('[{"speeds": []}]')
    assert kept_speeds(tmp_path) == []
    keep(tmp_path, OURS)
    assert kept_speeds(tmp_path) == [OURS]


def test_equal_hosts_are_compared_result_by_result() -> None:
    assert differences(OURS, OURS) == []
    assert differences(OURS, replace(OURS, speeds=(replace(SPEED, digest="00" * 32),))) == ["inference 64×16"]


def test_hosts_of_two_kinds_are_not_compared() -> None:
    assert differences(OURS, replace(OURS, inventory={"key": "a", "kind": ["aarch64", "2.4"]})) is None


def test_a_job_is_worth_the_mean_of_what_was_paid_for_its_type() -> None:
    paid = [("inference", Decimal("0.1")), ("data_hash", Decimal(1)), ("inference", Decimal("0.2"))]
    assert per_job(paid) == {"inference": Decimal("0.15"), "data_hash": Decimal(1)}
