"""The job types of NeoNet servers: the required fields of each result, and the hardware that each is for.

From docs/protocol-notes.md, "Job types". Free of numpy and celery, so that the coordinator can import it.
"""

from __future__ import annotations

from dataclasses import dataclass

#: time of a kernel in milliseconds from which its jobs are long ones
_LONG_MS = 2.0
#: share of a class's GPU memory that is enough, since a GPU sold with 16 GB has 15 to 16 GB for its user
_OF_GPU_MEMORY = 0.9


@dataclass(frozen=True, kw_only=True, slots=True)
class HardwareClass:
    """What a host must have for the jobs of a class. Each class asks for no less than the one before it."""

    #: in the setting's and the queue's name
    name: str
    cpu_cores: int
    gpu_memory_mb: int = 0

    def fits(self, cpu_cores: int, gpu_memory_mb: int) -> bool:
        """Whether a host with these cores and this memory of its largest GPU, in MB, qualifies."""
        return cpu_cores >= self.cpu_cores and gpu_memory_mb >= _OF_GPU_MEMORY * self.gpu_memory_mb

    @property
    def words(self) -> str:
        """What it asks for, in words."""
        cores = "1 core" if self.cpu_cores == 1 else f"{self.cpu_cores} cores"
        return f"{cores} and a GPU of {self.gpu_memory_mb // 1024} GB" if self.gpu_memory_mb else cores


#: the hardware table of the original client's README, as classes of level 1, 2, …
CLASSES: tuple[HardwareClass, ...] = (
    HardwareClass(name="1-core", cpu_cores=1),
    HardwareClass(name="2-cores", cpu_cores=2),
    HardwareClass(name="4-cores", cpu_cores=4),
    HardwareClass(name="4-cores-gpu-2gb", cpu_cores=4, gpu_memory_mb=2_048),
    HardwareClass(name="8-cores-gpu-8gb", cpu_cores=8, gpu_memory_mb=8_192),
    HardwareClass(name="8-cores-gpu-16gb", cpu_cores=8, gpu_memory_mb=16_384),
)
LEVELS = range(1, len(CLASSES) + 1)


def level_of_host(cpu_cores: int, gpu_memory_mb: int) -> int:
    """The level of the highest class that a host qualifies for; it qualifies for all below, too."""
    return max((level for level in LEVELS if CLASSES[level - 1].fits(cpu_cores, gpu_memory_mb)), default=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobType:
    """One job type of the protocol."""

    #: the server's `task_type`
    name: str
    #: fields without which the server answers "Invalid result format"
    required: tuple[str, ...]
    #: level of its hardware class
    level: int = 1
    #: approximate time of our kernel on one core, used until the first result of this type
    typical_ms: float = 0.5


JOB_TYPES: dict[str, JobType] = {
    job_type.name: job_type
    for job_type in (
        JobType(name="fraud_detection", required=("results_hash",)),
        JobType(name="model_training", required=("weights_hash",), level=5, typical_ms=4.0),
        JobType(name="network_protection", required=("blocks_validated",), level=3),
        JobType(name="data_validation", required=("integrity_score",)),
        JobType(name="inference", required=("output_hash",)),
        JobType(name="federated_learning", required=("weights_hash",), level=6),
        JobType(name="gradient_compute", required=("gradient_hash",), level=4),
        JobType(name="matrix_ops", required=("result_hash",), level=2, typical_ms=15.0),
        JobType(name="matrix_multiply", required=("checksum", "shape", "mean", "std"), level=2),
        JobType(name="model_inference", required=("checksum", "predictions", "confidence")),
        JobType(name="data_hash", required=("final_hash", "iterations")),
        JobType(name="tensor_reduce", required=("sum", "mean", "max", "min", "checksum"), typical_ms=5.0),
    )
}
#: levels of the classes with long jobs; the first class has none, since every host takes all of its jobs
LONG_LEVELS = frozenset(one.level for one in JOB_TYPES.values() if one.typical_ms >= _LONG_MS and one.level > LEVELS[0])
