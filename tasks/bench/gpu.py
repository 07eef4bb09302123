"""What was measured of this host's GPU beside its cores: made by `tasks.bench.compare`, kept by `fleet bench host`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import Any

from tasks.compute.gpu_choice import SIZES, DeviceSpeeds, GpuChoice, choose

#: the file that keeps a host's measurements, in the state folder
SPEED_FILE = "host-speed.json"
_MOST_SPEEDS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class GpuMeasurement:
    """What was measured of the GPU."""

    #: processes that computed at once, each on a core, and those of them that did so on a GPU
    processes: int
    at_gpu: int
    speeds: tuple[DeviceSpeeds, ...] = ()
    #: why the GPU can't be used; empty where it can
    problem: str = ""

    @property
    def choice(self) -> GpuChoice:
        """Which jobs go to the GPU; none if it can't be used."""
        return choose(() if self.problem else self.speeds)

    def stated(self) -> dict[str, Any]:
        """The measurement for JSON, from which `read_gpu` makes it again."""
        return asdict(self)


def read_gpu(fields: object) -> GpuMeasurement:
    """The measurement that `stated` made. Raises ValueError for anything else."""
    try:
        if not isinstance(fields, Mapping):
            raise TypeError("a measurement is an object")
        rows = fields["speeds"]
        if not isinstance(rows, list | tuple) or len(rows) > _MOST_SPEEDS:
            raise TypeError("speeds are a list")
        return GpuMeasurement(
            processes=int(fields["processes"]),
            at_gpu=int(fields["at_gpu"]),
            speeds=tuple(map(_speeds, rows)),
            problem=str(fields["problem"]),
        )
    except (KeyError, TypeError, OverflowError) as exc:
        raise ValueError(f"not a measurement of a GPU: {exc!r:.200}") from exc


def kept_gpu(folder: Path, key: str) -> GpuMeasurement | None:
    """What `fleet bench host` measured last on hardware and versions of this key; None without a usable measurement."""
    try:
        rows = json.loads((folder / SPEED_FILE).read_text(encoding="utf-8"))
        row = next(row for row in reversed(rows) if row["inventory"]["key"] == key)
        return None if row.get("gpu") is None else read_gpu(row["gpu"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StopIteration, RecursionError):
        return None


def _speeds(row: Mapping[str, Any]) -> DeviceSpeeds:
    job_type, size = str(row["job_type"]), tuple(int(part) for part in row["size"])
    cpu, gpu = float(row["cpu_per_s"]), float(row["gpu_per_s"])
    if len(size) != len(SIZES[job_type]) or min(size) < 1 or not (0 < cpu < inf and 0 < gpu < inf):
        raise TypeError(f"these are no speeds: {job_type:.40} {size} {cpu} {gpu}")
    return DeviceSpeeds(job_type=job_type, size=size, cpu_per_s=cpu, gpu_per_s=gpu)
