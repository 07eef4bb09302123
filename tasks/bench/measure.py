"""Times the kernels on all processes of a host at once, as its workers would run them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tasks.bench.samples import SAMPLES, SampleJob
from tasks.compute import catalog
from tasks.compute.digest import canonical, digest
from tasks.compute.kernels.device import CPU, Device
from tasks.compute.kernels.gpu import open_gpu
from tasks.compute.kernels.process import prepare_process
from tasks.compute.tolerance import within
from tasks.errors import GpuError, MeasurementError

#: the id of every measured job, so that each host draws the same numbers
JOB_ID = "host-bench"
#: seconds beyond its time after which a process is given up: a first job may have to load code
_GRACE_S = 60.0
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """How fast a host computes one sample."""

    name: str
    job_type: str
    #: jobs of all processes together, each second
    jobs_per_s: float
    #: CPU time of one job, in ms
    cpu_ms: float
    #: SHA-256 of the result, which all processes of the host agree on
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    """What a process is to compute: a sample on its core, or on the GPU of that number."""

    sample: SampleJob
    gpu: int | None = None


def measure(processes: int, seconds: float) -> Iterator[Measured]:
    """Measure each sample for so many seconds, one after the other.

    Raises MeasurementError when a process ends early, does not answer, or computes another result than the others.
    """
    with started(processes) as ends:
        for sample in SAMPLES:
            yield _measured(sample, ends, seconds)


@contextmanager
def started(processes: int) -> Iterator[list[Connection]]:
    """So many processes that compute what `rates` and `gpu_rates` ask for. They are killed at the end."""
    prepare_process()
    with ExitStack() as stack:
        yield [stack.enter_context(closing(_started(stack))) for _ in range(processes)]


def rates(sample: SampleJob, ends: Sequence[Connection], seconds: float) -> float:
    """Jobs a second of one process on its core, while all of these compute. Raises MeasurementError as `measure`."""
    return _measured(sample, ends, seconds).jobs_per_s / len(ends)


def gpu_rates(sample: SampleJob, ends: Sequence[Connection], gpus: Sequence[int], seconds: float) -> float:
    """Jobs a second of one process on the GPU, while as many as there are `gpus` compute, each on that of its number.

    Raises GpuError when that fails, or if the GPU's results differ from the processor's by more than a tolerance.
    """
    users = ends[: len(gpus)]
    try:
        for end, gpu in zip(users, gpus, strict=True):
            end.send(_Order(sample=sample, gpu=gpu))
        _raise_first(_answer(end, sample, 0.0) for end in users)
        runs = _runs(sample, users, seconds)
        _raise_first(run for run in runs if isinstance(run, str))
    except MeasurementError as exc:
        raise GpuError(str(exc)) from exc
    except OSError as exc:
        raise GpuError(f"a process ended before it computed {sample.name}") from exc
    total: float = sum(count / elapsed for count, elapsed, _ in runs)
    return total / len(users)


def _raise_first(problems: Iterable[str]) -> None:
    for problem in problems:
        if problem:
            raise GpuError(problem)


def _started(stack: ExitStack) -> Connection:
    ours, theirs = _FORK.Pipe()
    process = _FORK.Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    stack.callback(process.join)
    stack.callback(process.kill)
    theirs.close()
    return ours


def _measured(sample: SampleJob, ends: Sequence[Connection], seconds: float) -> Measured:
    for end in ends:
        end.send(_Order(sample=sample))
    digests = {_answer(end, sample, 0.0) for end in ends}
    if len(digests) > 1:
        raise MeasurementError(f"two processes of this host compute {sample.name} differently: it can't be trusted")
    runs = _runs(sample, ends, seconds)
    jobs = sum(count for count, _, _ in runs)
    return Measured(
        name=sample.name,
        job_type=sample.job_type,
        jobs_per_s=sum(count / elapsed for count, elapsed, _ in runs),
        cpu_ms=sum(cpu for _, _, cpu in runs) / jobs * 1000,
        digest=digests.pop(),
    )


def _runs(sample: SampleJob, ends: Sequence[Connection], seconds: float) -> list[Any]:
    for end in ends:
        end.send(seconds)
    return [_answer(end, sample, seconds) for end in ends]


def _answer(end: Connection, sample: SampleJob, seconds: float) -> Any:
    try:
        if end.poll(seconds + _GRACE_S):
            return end.recv()
    except (EOFError, OSError):
        raise MeasurementError(f"a process ended while it computed {sample.name}: memory may be short") from None
    raise MeasurementError(f"a process computed {sample.name} for more than {_GRACE_S:g} s")


def _run(end: Connection) -> None:
    """For each order: send a digest or a GPU's flaw, then on a number of seconds how many were computed in them.

    What a GPU's library raises is sent in place of either.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    gpu: Device | None = None
    try:
        while True:
            order: _Order = end.recv()
            if order.gpu is None:
                end.send(digest(JOB_ID, canonical(_computed(order.sample, CPU))))
                end.send(_timed(order.sample, CPU, end.recv()))
                continue
            try:
                gpu = gpu or open_gpu(order.gpu)
                end.send(_flaw(order.sample, gpu))
                end.send(_timed(order.sample, gpu, end.recv()))
            except EOFError:
                raise
            except Exception as exc:  # noqa: BLE001 - whatever a GPU's library raises is why it can't be used
                end.send(f"{type(exc).__name__}: {exc}"[:300])
    except EOFError:
        os._exit(0)


def _computed(sample: SampleJob, device: Device) -> dict[str, object]:
    if device is CPU:
        return catalog.compute(sample.job_type, sample.data, job_id=JOB_ID)
    return catalog.compute_on(device, sample.job_type, sample.data, job_id=JOB_ID)


def _flaw(sample: SampleJob, gpu: Device) -> str:
    """How the GPU's result differs from the processor's; empty if it does not by more than the tolerance."""
    if within(sample.job_type, _computed(sample, CPU), _computed(sample, gpu)):
        return ""
    return f"it computes {sample.name} otherwise than the processor"


def _timed(sample: SampleJob, device: Device, seconds: float) -> tuple[int, float, float]:
    """The number of jobs computed, the seconds that they took, and the CPU seconds."""
    count, cpu, began = 0, time.process_time(), time.perf_counter()
    while True:
        _computed(sample, device)
        count += 1
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return count, elapsed, time.process_time() - cpu
