"""Computes jobs again in a process of its own, `python -m tasks recompute`, since `fleet` never loads a kernel."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from config.handed_on import handed_on
from fleet.commands.exits import EX_SOFTWARE, Failure
from tasks.host.module_command import module_command

#: id, type and data of a job, as a worker sees them
Recomputed = tuple[str, str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recomputation:
    """What a job gave on this host."""

    #: what decides on a result's last bits on this host
    kind: tuple[str, ...]
    result: Mapping[str, Any] = field(default_factory=dict)
    kernel_version: str = ""
    #: why there is no result; empty where there is one
    error: str = ""


def recomputed(jobs: Iterable[Recomputed]) -> Iterator[Recomputation]:
    """The results of these jobs, one after the other. Raises Failure when the process that computes them ends."""
    command = module_command("tasks", "recompute")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=handed_on(os.environ), stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - both are pipes
        try:
            kind = tuple(_line(child.stdout, "it started")["kind"])
            for job_id, job_type, data in jobs:
                _ask(child.stdin, {"job_id": job_id, "job_type": job_type, "data": dict(data)})
                said = _line(child.stdout, f"it computed {job_id}")
                yield Recomputation(
                    kind=kind,
                    result=said.get("result", {}),
                    kernel_version=said.get("kernel", ""),
                    error=said.get("error", ""),
                )
        finally:
            child.kill()


def _ask(asked: IO[str], job: Mapping[str, Any]) -> None:
    try:
        asked.write(json.dumps(job) + "\n")
        asked.flush()
    except BrokenPipeError:
        # what it said before it ended is still read
        return


def _line(said: IO[str], when: str) -> dict[str, Any]:
    line = said.readline()
    if not line:
        raise Failure(f"the process that computes jobs again ended while {when}: memory may be short", EX_SOFTWARE)
    found: dict[str, Any] = json.loads(line)
    return found
