"""What `python -m tasks bench` measured on a host: read from its output, kept, and compared with another host's."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.handed_on import handed_on
from fleet.commands.exits import EX_DATAERR, EX_SOFTWARE, Failure
from fleet.domain.amounts import ZERO
from fleet.private_files import replace_private
from tasks.bench.gpu import SPEED_FILE, GpuMeasurement, read_gpu
from tasks.host.module_command import module_command

#: kinds of hardware and versions of which a measurement is kept
_KEPT = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Speed:
    """How fast one job type and size is computed on a host."""

    name: str
    job_type: str
    #: of all processes together
    jobs_per_s: float
    #: CPU time of a job in ms
    cpu_ms: float
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HostSpeed:
    """A host's measurement."""

    #: as `tasks.bench.inventory` states it
    inventory: Mapping[str, Any]
    processes: int
    #: why there are fewer processes than cores; "" where there are not
    note: str
    #: UTC milliseconds
    at_ms: int
    speeds: tuple[Speed, ...]
    #: None without a GPU or a library that computes on it
    gpu: GpuMeasurement | None = None

    @property
    def key(self) -> str:
        """Name of its hardware and versions."""
        return str(self.inventory["key"])

    def stated(self) -> dict[str, Any]:
        """The measurement for JSON, from which `read` makes it again."""
        speeds = [{name: getattr(one, name) for name in Speed.__slots__} for one in self.speeds]
        head = {"inventory": dict(self.inventory), "processes": self.processes, "note": self.note}
        gpu = None if self.gpu is None else self.gpu.stated()
        return head | {"at_ms": self.at_ms, "speeds": speeds, "gpu": gpu}


def measured(seconds: float, processes: int | None, at_ms: int, advance: Callable[[int, int], None]) -> HostSpeed:
    """Measure this host in a process of its own. `advance` is called with the samples done and their number.

    Raises Failure when it can't be measured.
    """
    arguments = [f"{seconds}", *([] if processes is None else [f"{processes}"])]
    command = module_command("tasks", "bench", *arguments)
    with subprocess.Popen(command, env=handed_on(os.environ), stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        head, speeds, gpu, done = None, [], None, 0
        for row in map(json.loads, child.stdout):
            if "inventory" in row:
                head = row
                continue
            if "gpu" in row:
                gpu = read_gpu(row["gpu"])
            if "measured" in row:
                speeds.append(Speed(**row["measured"]))
            done += "gpu" not in row
            advance(done, head["samples"] if head else 0)
    if child.returncode or head is None:
        raise Failure("this host was not measured", child.returncode or EX_SOFTWARE)
    return HostSpeed(
        inventory=head["inventory"],
        processes=head["processes"],
        note=head["note"],
        at_ms=at_ms,
        speeds=tuple(speeds),
        gpu=gpu,
    )


def read(text: str) -> HostSpeed:
    """The measurement in a JSON text. Raises Failure for anything else."""
    try:
        found = json.loads(text)
        speeds = tuple(Speed(**{name: row[name] for name in Speed.__slots__}) for row in found["speeds"])
        kind, _ = found["inventory"]["kind"], found["inventory"]["key"]
        if not isinstance(kind, list):
            raise TypeError("a kind is a list")
        return HostSpeed(
            inventory=found["inventory"],
            processes=int(found["processes"]),
            note=str(found["note"]),
            at_ms=int(found["at_ms"]),
            speeds=speeds,
            gpu=None if found.get("gpu") is None else read_gpu(found["gpu"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as exc:
        raise Failure(f"this is no measurement of `fleet bench host --json`: {exc!r:.200}", EX_DATAERR) from exc


def differences(ours: HostSpeed, theirs: HostSpeed) -> list[str] | None:
    """The samples whose results differ; None if the hosts are of different kinds, whose last bits may differ."""
    if ours.inventory["kind"] != theirs.inventory["kind"]:
        return None
    expected = {one.name: one.digest for one in theirs.speeds}
    return [one.name for one in ours.speeds if expected.get(one.name, one.digest) != one.digest]


def keep(folder: Path, found: HostSpeed) -> None:
    """Keep a measurement in place of an earlier one of the same hardware and versions. Raises OSError."""
    kept = [one for one in kept_speeds(folder) if one.key != found.key][-_KEPT + 1 :]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_private(folder / SPEED_FILE, json.dumps([one.stated() for one in (*kept, found)]))


def kept_speeds(folder: Path) -> list[HostSpeed]:
    """The measurements that are kept, the oldest first; none if the file is missing or unusable."""
    try:
        rows = json.loads((folder / SPEED_FILE).read_text(encoding="utf-8"))
        return [read(json.dumps(row)) for row in rows]
    except (OSError, ValueError, TypeError, Failure):
        return []


def per_job(rewards: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The mean of what was paid for a job of each type, of these payments."""
    found: dict[str, list[Decimal]] = {}
    for job_type, amount in rewards:
        found.setdefault(job_type, []).append(amount)
    return {job_type: sum(amounts, ZERO) / len(amounts) for job_type, amounts in found.items()}
