"""Decides which jobs go to the GPU: those at least as large as one at which this host measured it to be quicker. Pure.

Both devices take longer for a larger job, but the processor's time grows faster: what a GPU costs beside its arithmetic
(moving, starting, waiting) grows slowly or not at all. So where it is quicker, it is for larger jobs of that type, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import ge

from tasks.compute.payloads.table import parse

#: how many times as fast as a core the GPU has to be
MARGIN = 1.1

#: the dimensions of a job, in the order of `SIZES`
Size = tuple[int, ...]
#: the job types that a GPU computes → the fields of a job's data, and of its payload, in which it can grow
SIZES: dict[str, tuple[str, ...]] = {
    "model_training": ("layer_size", "batch_size", "epochs"),
    "matrix_ops": ("matrix_size", "operations"),
    "matrix_multiply": ("size",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceSpeeds:
    """How fast a process computes one job on its core, and how fast on the GPU, while others do the same."""

    job_type: str
    size: Size
    #: jobs of one process, each second
    cpu_per_s: float
    gpu_per_s: float

    @property
    def gpu_pays(self) -> bool:
        """Whether the GPU is quicker by more than chance."""
        return self.gpu_per_s > MARGIN * self.cpu_per_s


@dataclass(frozen=True, kw_only=True, slots=True)
class GpuChoice:
    """The smallest measured sizes from which the GPU is quicker, by job type. Empty: nothing goes to the GPU."""

    quicker: Mapping[str, tuple[Size, ...]]

    def takes(self, job_type: str, data: Mapping[str, object]) -> bool:
        """Whether a job goes to the GPU.

        Raises PayloadError if its data is out of bounds.
        """
        sizes = self.quicker.get(job_type)
        if sizes is None:
            return False
        payload = parse(job_type, data)
        return _reached(tuple(getattr(payload, field) for field in SIZES[job_type]), sizes)

    def __str__(self) -> str:
        found = ((job_type, "×".join(map(str, size))) for job_type, sizes in self.quicker.items() for size in sizes)
        return ", ".join(f"{job_type} from {size}" for job_type, size in found)


def choose(measured: Iterable[DeviceSpeeds]) -> GpuChoice:
    """What these measurements say. A size counts only if the GPU was quicker at all larger ones of its type, too."""
    found = list(measured)
    quicker: dict[str, tuple[Size, ...]] = {}
    for one in found:
        same = [other for other in found if other.job_type == one.job_type]
        if not all(other.gpu_pays for other in same if _reached(other.size, [one.size])):
            continue
        if not _reached(one.size, (kept := quicker.get(one.job_type, ()))):
            quicker[one.job_type] = (*(size for size in kept if not _reached(size, [one.size])), one.size)
    return GpuChoice(quicker=quicker)


def _reached(size: Size, bounds: Iterable[Size]) -> bool:
    """Whether a size is at least as large as one of these in each dimension."""
    return any(all(map(ge, size, bound)) for bound in bounds)
