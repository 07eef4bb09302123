"""Jobs to measure a host by: every type at the sizes that recorded servers send, and for a GPU larger ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.compute.gpu_choice import SIZES, Size


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleJob:
    """One job."""

    #: its type and size
    name: str
    #: the server's `task_type`
    job_type: str
    #: the server's `data`
    data: Mapping[str, object]


SAMPLES = (
    SampleJob(
        name="fraud_detection 20",
        job_type="fraud_detection",
        data={
            "transactions": [
                {"amount": 10.0 + (k * 4793.17) % 9990.0, "from": f"addr_{k}", "to": f"addr_{k + 1}"} for k in range(20)
            ]
        },
    ),
    SampleJob(
        name="model_training 256×32×10",
        job_type="model_training",
        data={"layer_size": 256, "batch_size": 32, "epochs": 10},
    ),
    SampleJob(
        name="model_training 128×32×10",
        job_type="model_training",
        data={"layer_size": 128, "batch_size": 32, "epochs": 10},
    ),
    SampleJob(
        name="network_protection 10",
        job_type="network_protection",
        data={"blocks": [{"height": k, "hash": f"2c4598e3-ae22-4{k}"} for k in range(10)]},
    ),
    SampleJob(name="data_validation 300", job_type="data_validation", data={"records": 300}),
    SampleJob(
        name="inference 64×16",
        job_type="inference",
        data={"model_id": "fraud_detector_v1", "input_size": 64, "batch_size": 16},
    ),
    SampleJob(
        name="federated_learning 1250",
        job_type="federated_learning",
        data={"global_weights": None, "local_data_size": 1250},
    ),
    SampleJob(
        name="gradient_compute 128-64-32",
        job_type="gradient_compute",
        data={"layer_dims": [128, 64, 32]},
    ),
    SampleJob(name="matrix_ops 256×5", job_type="matrix_ops", data={"matrix_size": 256, "operations": 5}),
    SampleJob(name="matrix_ops 512×8", job_type="matrix_ops", data={"matrix_size": 512, "operations": 8}),
    SampleJob(name="matrix_multiply 100", job_type="matrix_multiply", data={"size": 100}),
    SampleJob(
        name="model_inference 512-256-10×32",
        job_type="model_inference",
        data={"batch_size": 32, "input_dim": 512, "hidden_dim": 256, "output_dim": 10},
    ),
    SampleJob(name="data_hash 10000×1000", job_type="data_hash", data={"size": 10_000, "iterations": 1_000}),
    SampleJob(name="tensor_reduce 100³", job_type="tensor_reduce", data={"dims": [100, 100, 100]}),
)

#: Jobs to measure a GPU by, the smaller ones of each type first. Beside their width they are as small as servers send
#: them, so that they stand for all jobs of that width.
GPU_SAMPLES: tuple[tuple[str, Size], ...] = (
    ("model_training", (128, 16, 5)),
    ("model_training", (256, 16, 5)),
    ("model_training", (512, 16, 5)),
    ("model_training", (1024, 16, 5)),
    ("matrix_ops", (128, 3)),
    ("matrix_ops", (256, 3)),
    ("matrix_ops", (512, 3)),
    ("matrix_ops", (1024, 3)),
    ("matrix_multiply", (100,)),
    ("matrix_multiply", (512,)),
    ("matrix_multiply", (1024,)),
)


def gpu_sample(job_type: str, size: Size) -> SampleJob:
    """The job of that type and size."""
    name = f"{job_type} {'×'.join(map(str, size))}"
    return SampleJob(name=name, job_type=job_type, data=dict(zip(SIZES[job_type], size, strict=True)))
