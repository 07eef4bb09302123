"""Times the kernels on all processes of a host at once, as its workers would run them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tasks.bench.samples import SAMPLES, SampleJob
from tasks.compute import catalog
from tasks.compute.digest import canonical, digest
from tasks.compute.kernels.process import prepare_process
from tasks.errors import MeasurementError

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


def measure(processes: int, seconds: float) -> Iterator[Measured]:
    """Measure each sample for so many seconds, one after the other.

    Raises MeasurementError when a process ends early, does not answer, or computes another result than the others.
    """
    prepare_process()
    with ExitStack() as stack:
        ends = [stack.enter_context(closing(_started(stack))) for _ in range(processes)]
        for sample in SAMPLES:
            yield _measured(sample, ends, seconds)


def _started(stack: ExitStack) -> Connection:
    ours, theirs = _FORK.Pipe()
    process = _FORK.Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    stack.callback(process.join)
    stack.callback(process.kill)
    theirs.close()
    return ours


def _measured(sample: SampleJob, ends: list[Connection], seconds: float) -> Measured:
    for end in ends:
        end.send(sample)
    digests = {_answer(end, sample, 0.0) for end in ends}
    if len(digests) > 1:
        raise MeasurementError(f"two processes of this host compute {sample.name} differently: it can't be trusted")
    for end in ends:
        end.send(seconds)
    runs = [_answer(end, sample, seconds) for end in ends]
    jobs = sum(count for count, _, _ in runs)
    return Measured(
        name=sample.name,
        job_type=sample.job_type,
        jobs_per_s=sum(count / elapsed for count, elapsed, _ in runs),
        cpu_ms=sum(cpu for _, _, cpu in runs) / jobs * 1000,
        digest=digests.pop(),
    )


def _answer(end: Connection, sample: SampleJob, seconds: float) -> Any:
    try:
        if end.poll(seconds + _GRACE_S):
            return end.recv()
    except (EOFError, OSError):
        raise MeasurementError(f"a process ended while it computed {sample.name}: memory may be short") from None
    raise MeasurementError(f"a process computed {sample.name} for more than {_GRACE_S:g} s")


def _run(end: Connection) -> None:
    """For each sample: send the digest of its result, then on a number of seconds how many were computed in them."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    try:
        while True:
            sample: SampleJob = end.recv()
            result = catalog.compute(sample.job_type, sample.data, job_id=JOB_ID)
            end.send(digest(JOB_ID, canonical(result)))
            end.send(_timed(sample, end.recv()))
    except EOFError:
        os._exit(0)


def _timed(sample: SampleJob, seconds: float) -> tuple[int, float, float]:
    """The number of jobs computed, the seconds that they took, and the CPU seconds."""
    count, cpu, began = 0, time.process_time(), time.perf_counter()
    while True:
        catalog.compute(sample.job_type, sample.data, job_id=JOB_ID)
        count += 1
        elapsed = time.perf_counter() - began
        if elapsed >= seconds:
            return count, elapsed, time.process_time() - cpu
