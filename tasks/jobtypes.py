"""The job types of NeoNet servers, and the required fields of each result (docs/protocol-notes.md, "Job types").

Free of numpy and celery, so that the coordinator can import it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class JobType:
    """One job type of the protocol."""

    #: the server's `task_type`
    name: str
    #: fields without which the server answers "Invalid result format"
    required: tuple[str, ...]
    #: CPU cores that the original client's README requires
    cpu_cores: int = 1
    #: GPU memory in MB that the original client's README requires
    gpu_memory_mb: int = 0
    #: approximate time of our kernel on one core, used until the first result of this type
    typical_ms: float = 0.5


JOB_TYPES: dict[str, JobType] = {
    job_type.name: job_type
    for job_type in (
        JobType(name="fraud_detection", required=("results_hash",)),
        JobType(name="model_training", required=("weights_hash",), cpu_cores=8, gpu_memory_mb=8192, typical_ms=4.0),
        JobType(name="network_protection", required=("blocks_validated",), cpu_cores=4),
        JobType(name="data_validation", required=("integrity_score",)),
        JobType(name="inference", required=("output_hash",)),
        JobType(name="federated_learning", required=("weights_hash",), cpu_cores=8, gpu_memory_mb=16384),
        JobType(name="gradient_compute", required=("gradient_hash",), cpu_cores=4, gpu_memory_mb=2048),
        JobType(name="matrix_ops", required=("result_hash",), cpu_cores=2, typical_ms=15.0),
        JobType(name="matrix_multiply", required=("checksum", "shape", "mean", "std"), cpu_cores=2),
        JobType(name="model_inference", required=("checksum", "predictions", "confidence")),
        JobType(name="data_hash", required=("final_hash", "iterations")),
        JobType(name="tensor_reduce", required=("sum", "mean", "max", "min", "checksum"), typical_ms=5.0),
    )
}
