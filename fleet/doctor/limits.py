"""What this machine grants a farm: open files, processes, memory, and a processor that numpy runs on."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fleet.doctor.diagnosis import Diagnosis, fail, ok, warn
from tasks.errors import TooFewFilesError
from tasks.host import processor
from tasks.host.cgroup import Groups, groups
from tasks.host.hardware import detect
from tasks.host.open_files import connections_within, needed
from tasks.host.pool_size import pool_size

#: threads and processes of a farm beside its connections and its pool: Redis, Flower, the processes' own threads
_FIXED_TASKS = 48
#: threads of a worker beside its pool
_WORKER_TASKS = 16
_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """What the settings ask of this machine."""

    #: miners that may be open at once
    miners: int
    #: calls to the server at once, at most
    connections: int
    #: worker processes; None for as many as fit
    processes: int | None


def machine_diagnoses(demand: Demand) -> Iterator[Diagnosis]:
    """Whether this process's limits and this machine's hardware suffice. Never raises."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 1 << 20 if soft == resource.RLIM_INFINITY else soft
    hardware = detect()
    yield judged_files(files, demand)
    yield from judged_pool(demand, cores=hardware.cpu_cores, memory_mb=hardware.memory_mb, open_files=files)
    left = tasks_left()
    needed = min(2 * demand.miners, demand.connections) + (demand.processes or hardware.cpu_cores) + _FIXED_TASKS
    yield ok("process limit", "none is set") if left is None else judged_tasks(left, needed)
    yield judged_processor(processor.refusal())


def worker_diagnoses(processes: int | None) -> Iterator[Diagnosis]:
    """Whether a worker of this many processes, None for as many as fit, has what it needs here. Never raises."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 1 << 20 if soft == resource.RLIM_INFINITY else soft
    hardware = detect()
    demand = Demand(miners=0, connections=0, processes=processes)
    wanted = processes or hardware.cpu_cores
    if needed(wanted) <= files:
        yield ok("worker open files", f"{files:,} are allowed; {wanted} processes need {needed(wanted)}")
    yield from judged_pool(demand, cores=hardware.cpu_cores, memory_mb=hardware.memory_mb, open_files=files)
    left = tasks_left()
    yield ok("process limit", "none is set") if left is None else judged_tasks(left, wanted + _WORKER_TASKS)
    yield from group_diagnoses(groups())
    yield judged_processor(processor.refusal())


def group_diagnoses(own: Groups) -> Iterator[Diagnosis]:
    """The diagnoses of the control groups of this process: CPU, memory, and processes killed for lack of it."""
    subject, cpus, memory = "control group", own.cpus(), own.memory_bytes()
    killed = 0 if memory is None else own.oom_kills()
    if killed:
        words = f"{killed} of its processes were killed for lack of memory since it was made"
        more = "grant more (MemoryMax= in a unit, WORKER_MEMORY in .env), or set FLEET_WORKER__CONCURRENCY lower"
        yield warn(subject, words, more)
    if cpus is not None and cpus < 1:
        words = f"{cpus:g} of a core is granted: each job takes {1 / cpus:.1f} times as long, and its time limit stays"
        yield warn(subject, words, "grant a core (CPUQuota= in a unit, WORKER_CPUS in .env), or raise the time limit")
    granted = [] if cpus is None else [f"{cpus:g} cores"]
    granted += [] if memory is None else [f"{memory >> 20:,} MB of memory"]
    if not killed and (cpus is None or cpus >= 1):
        yield ok(subject, f"it grants {' and '.join(granted)}" if granted else "it limits neither CPU nor memory")


def judged_processor(refusal: str | None) -> Diagnosis:
    """The diagnosis of the processor; `refusal` is what keeps a worker from starting on it, None for nothing."""
    if refusal is None:
        return ok("processor", "it has the instructions that numpy needs")
    found, _, advice = refusal.partition(": ")
    return fail("processor", found, advice)


def judged_files(limit: int, demand: Demand) -> Diagnosis:
    """The diagnosis of a limit of open files for the calls to a server. A miner makes at most two calls at once."""
    subject = "open files"
    needed, possible = min(2 * demand.miners, demand.connections), connections_within(limit)
    raised = "raise the limit: `ulimit -Hn`, LimitNOFILE= in a unit, or `ulimits:` in Compose"
    if not possible:
        return fail(subject, f"{limit} are allowed, which is too few for any connection to a server", raised)
    if possible < needed:
        words = f"{limit} are allowed, enough for {possible} calls at once; {demand.miners} miners may make {needed}"
        return warn(subject, words, f"{raised}; or set FLEET_HTTP__CONNECTIONS to {possible}")
    return ok(subject, f"{limit:,} are allowed; at most {needed:,} calls to the server are open at once")


def judged_pool(demand: Demand, *, cores: int, memory_mb: int, open_files: int) -> Iterator[Diagnosis]:
    """The diagnosis of memory and open files for the worker's processes. `memory_mb` is 0 where unknown."""
    subject = "worker memory"
    try:
        size = pool_size(asked=demand.processes, cores=cores, memory_mb=memory_mb, open_files=open_files)
    except TooFewFilesError as exc:
        found, _, advice = str(exc).partition(": ")
        yield fail("worker open files", found, advice)
        return
    if size.note:
        lower = f"grant more, or set FLEET_WORKER__CONCURRENCY to {max(1, size.processes)} or less"
        yield warn(subject, size.note, lower)
    else:
        granted = f", memory: {memory_mb:,} MB" if memory_mb else ""
        yield ok(subject, f"processes that fit: {size.processes} (cores: {cores}{granted})")


def judged_tasks(left: int, needed: int) -> Diagnosis:
    """The diagnosis of the processes and threads that may still be started."""
    subject = "process limit"
    if left < needed:
        words = f"{left} more processes and threads may be started; up to {needed} are needed"
        return fail(subject, words, "raise the limit: `ulimit -u`, TasksMax= in a unit, or `pids_limit:` in Compose")
    return ok(subject, f"{left} more processes and threads may be started")


def tasks_left() -> int | None:
    """The processes and threads that this user may still start here; None where no limit is known."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    limits = [left for left in (groups().tasks_left(),) if left is not None]
    # the limit does not hold for root
    if soft != resource.RLIM_INFINITY and os.geteuid():
        limits.append(max(soft - _tasks_of_user(), 0))
    return min(limits, default=None)


def _tasks_of_user() -> int:
    count = 0
    for folder in _PROC.glob("[0-9]*"):
        try:
            if folder.stat().st_uid == os.geteuid():
                count += sum(1 for _ in (folder / "task").iterdir())
        except OSError:
            continue
    return count
