"""A real worker with a stand-in for a GPU: what goes there, what the worker states, and what happens when it fails.

One file: its tests share the stand-in and the kept measurement.

What the stand-in computes with is array-api-strict, on the processor. CUDA, CuPy and the speed of a GPU are not tested
here: `test_real_gpu.py` tests them where there is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.bench.gpu import SPEED_FILE
from tasks.bench.samples import GPU_SAMPLES
from tasks.compute import catalog
from tasks.compute.tolerance import within
from tasks.kinds import ON_GPU, processor_kind
from tasks.messages import Outcome, ResultMessage
from tests.support.cupy_stand_in import DEADLY, LOST, NO_DRIVER, NO_MEMORY, WRONG, fares, install, opened_by
from tests.support.processes import FLEET, ROOT, Started, environ, run_fleet
from tests.support.workers import job, results, send, worker

#: sizes from which the kept measurement says that the GPU is quicker
_FROM = {"model_training": [64, 1, 1], "matrix_ops": [64, 1], "matrix_multiply": [100]}
LARGE: tuple[str, dict[str, Any]] = ("matrix_ops", {"matrix_size": 256, "operations": 3})
LIGHT: tuple[str, dict[str, Any]] = ("inference", {})
PROCESSOR, GPU = catalog.KERNEL_VERSION, catalog.KERNEL_VERSION + ON_GPU
_KEY = (
    "import tasks.compute.catalog; from tasks.compute.inventory import inventory; found = inventory(); "
    "assert found.hardware.gpus and found.gpu_library, found; print(found.key)"
)


@pytest.fixture
def gpu(tmp_path: Path) -> dict[str, str]:
    """The settings of a host with a GPU, whose folder is that of the test."""
    place = tmp_path / "gpu"
    place.mkdir()
    return {
        "PYTHONPATH": os.pathsep.join([str(ROOT), install(place)]),
        "PATH": f"{place}{os.pathsep}{os.environ['PATH']}",
        "CUPY_STAND_IN": str(fares(place)),
        "FLEET_STATE_DIR": str(tmp_path / "state"),
        "FLEET_SECRETS_DIR": str(tmp_path),
    }


def keep_measurement(folder: Path, gpu: Mapping[str, str], *, processes: int = 2) -> None:
    """Keep a measurement by which the GPU is quicker from `_FROM` on."""
    env = environ(folder, {**gpu, "OPENBLAS_NUM_THREADS": "1"})
    key = subprocess.run([sys.executable, "-c", _KEY], env=env, capture_output=True, check=True, text=True).stdout
    speeds = [{"job_type": one, "size": size, "cpu_per_s": 1.0, "gpu_per_s": 9.0} for one, size in _FROM.items()]
    measured = {"processes": processes, "at_gpu": processes, "speeds": speeds, "problem": ""}
    (folder / "state").mkdir(exist_ok=True)
    row = {"inventory": {"key": key.strip(), "kind": []}, "gpu": measured}
    (folder / "state" / SPEED_FILE).write_text(json.dumps([row]))


@contextmanager
def host(redis_url: str, folder: Path, gpu: Mapping[str, str], **settings: str) -> Iterator[Started]:
    """A worker of two processes on the host with the GPU, which a measurement says is quicker."""
    keep_measurement(folder, gpu)
    with worker(redis_url, folder, settings=dict(gpu) | settings) as process:
        yield process


def computed(redis_url: str, *jobs: tuple[str, dict[str, Any]], before: int = 0) -> list[ResultMessage]:
    """The results of these jobs, each of which is right, after so many earlier ones."""
    send(redis_url, *(job(f"j{before + n}", data, job_type=one) for n, (one, data) in enumerate(jobs)))
    by_id = {message.job_id: message for message in results(redis_url, before + len(jobs))}
    found = [by_id[f"j{before + number}"] for number in range(len(jobs))]
    for message, (job_type, data) in zip(found, jobs, strict=True):
        assert message.outcome is Outcome.COMPUTED, message.error
        here = json.loads(json.dumps(catalog.compute(job_type, data, job_id=message.job_id)))
        assert within(job_type, here, message.result)
    return found


def test_large_jobs_go_to_the_gpu_and_light_ones_do_not_and_the_worker_says_so(
    empty_redis_url: str, tmp_path: Path, gpu: dict[str, str]
) -> None:
    with host(empty_redis_url, tmp_path, gpu) as process:
        process.says("2 of 2 processes use the GPU: model_training from 64×1×1, matrix_ops from 64×1")
        jobs = [LARGE, LIGHT, ("matrix_multiply", {"size": 300}), ("matrix_multiply", {"size": 99})]
        assert [one.kernel_version for one in computed(empty_redis_url, *jobs)] == [GPU, PROCESSOR, GPU, PROCESSOR]

        opened = opened_by(tmp_path / "gpu")
        children = {child.pid for child in psutil.Process(process.pid).children()}
        assert opened
        assert opened <= children, "pool processes open the GPU, and the main process, which forks, never does"

        told = {"FLEET_REDIS_URL": empty_redis_url}
        assert "NVIDIA Stand-in 4,096 MB, in use" in run_fleet("workers", folder=tmp_path, settings=told).stdout
        (row,) = json.loads(run_fleet("workers", "--json", folder=tmp_path, settings=told).stdout)["workers"]
        assert row["device"] == "gpu"
        assert row["kind"][len(processor_kind(tuple(row["kind"]))) :] == ["cuda NVIDIA Stand-in cupy-cuda12x 14.2.0"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (NO_DRIVER, "CUDARuntimeError: cudaErrorInsufficientDriver"),
        (NO_MEMORY, "OutOfMemoryError: Out of memory allocating 262144 bytes"),
        (LOST, "CUDARuntimeError: cudaErrorIllegalAddress"),
    ],
)
def test_a_gpu_that_fails_costs_no_job(
    empty_redis_url: str, tmp_path: Path, gpu: dict[str, str], how: str, reason: str
) -> None:
    with host(empty_redis_url, tmp_path, gpu) as process:
        fares(tmp_path / "gpu", how)
        assert {one.kernel_version for one in computed(empty_redis_url, *[LARGE] * 6)} == {PROCESSOR}
        process.says(f"the processor computes its jobs for 60 s: matrix_ops: {reason}")
        assert process.err.count("the GPU failed") <= 2, "one line, or two if both processes failed at one moment"
        assert process.running


def test_a_gpu_that_kills_a_process_costs_the_job_an_attempt_and_gets_no_more(
    empty_redis_url: str, tmp_path: Path, gpu: dict[str, str]
) -> None:
    with host(empty_redis_url, tmp_path, gpu) as process:
        fares(tmp_path / "gpu", DEADLY)
        send(empty_redis_url, job("killed", LARGE[1], job_type=LARGE[0]))
        (ended,) = results(empty_redis_url, 1)
        assert ended.outcome is Outcome.WORKER_LOST
        # enough for both processes: the other one is killed, too, unless the first one's successor is quicker
        send(empty_redis_url, *(job(f"more{number}", LARGE[1], job_type=LARGE[0]) for number in range(4)))
        ends = results(empty_redis_url, 5)
        assert sum(one.outcome is Outcome.WORKER_LOST for one in ends) <= 2
        process.says("a process ended while it computed there")
        assert {one.kernel_version for one in computed(empty_redis_url, *[LARGE] * 4, before=5)} == {PROCESSOR}


@pytest.mark.parametrize(
    ("how", "settings", "words"),
    [
        (NO_DRIVER, {}, "the GPU can't be used, and the processor computes all jobs: CUDARuntimeError"),
        (WRONG, {}, "the GPU can't be used, and the processor computes all jobs: it computes"),
        (DEADLY, {}, "the GPU can't be used, and the processor computes all jobs: a process ended"),
        ("", {"FLEET_WORKER__GPU": "off"}, "ready."),
    ],
)
def test_without_a_kept_measurement_the_gpu_is_tried_at_the_start_and_left_alone_if_that_fails(
    empty_redis_url: str, tmp_path: Path, gpu: dict[str, str], how: str, settings: dict[str, str], words: str
) -> None:
    fares(tmp_path / "gpu", how)
    with worker(empty_redis_url, tmp_path, settings=gpu | settings) as process:
        process.says(words)
        assert computed(empty_redis_url, LARGE)[0].kernel_version == PROCESSOR
        (row,) = json.loads(fleet_workers(empty_redis_url, tmp_path))["workers"]
        assert row["device"] == "cpu"
        assert process.pid not in opened_by(tmp_path / "gpu")


def fleet_workers(redis_url: str, folder: Path) -> str:
    return run_fleet("workers", "--json", folder=folder, settings={"FLEET_REDIS_URL": redis_url}).stdout


def test_bench_compares_both_devices_and_keeps_what_a_worker_reads(tmp_path: Path, gpu: dict[str, str]) -> None:
    env = environ(tmp_path, gpu | {"COLUMNS": "80"})
    command = [*FLEET, "bench", "host", "--seconds", "0.05", "--processes", "1"]
    shown = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "GPU NVIDIA Stand-in (4,096 MB)" in shown
    assert "jobs/s of one process (cupy-cuda12x 14.2.0; on cores 1 at once, on GPUs 1)" in shown
    assert max(map(len, shown.splitlines())) <= 80
    (row,) = json.loads((tmp_path / "state" / SPEED_FILE).read_text())
    assert [(one["job_type"], tuple(one["size"])) for one in row["gpu"]["speeds"]] == list(GPU_SAMPLES)
    assert all(one["cpu_per_s"] > 0 and one["gpu_per_s"] > 0 for one in row["gpu"]["speeds"])

    fares(tmp_path / "gpu", NO_MEMORY)
    again = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "the GPU can't be used, and computes nothing: OutOfMemoryError" in again
