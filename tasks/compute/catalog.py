"""Where a job type is added: the table job type → payload and kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.random import Generator

from tasks.compute import digest
from tasks.compute.kernels.data_hash import data_hash
from tasks.compute.kernels.data_validation import data_validation
from tasks.compute.kernels.device import Device
from tasks.compute.kernels.draws import generator
from tasks.compute.kernels.federated_learning import federated_learning
from tasks.compute.kernels.fraud_detection import fraud_detection
from tasks.compute.kernels.gradient_compute import gradient_compute
from tasks.compute.kernels.inference import inference
from tasks.compute.kernels.matrix_multiply import matrix_multiply
from tasks.compute.kernels.matrix_ops import matrix_ops
from tasks.compute.kernels.model_inference import model_inference
from tasks.compute.kernels.model_training import model_training
from tasks.compute.kernels.network_protection import network_protection
from tasks.compute.kernels.process import prepare_process
from tasks.compute.kernels.tensor_reduce import tensor_reduce
from tasks.compute.payloads.table import parse

#: part of every result and of every digest in it
KERNEL_VERSION = digest.KERNEL_VERSION

#: a function of the checked payload of its job type and a private random generator
Kernel = Callable[[Any, Generator], dict[str, object]]

KERNELS: dict[str, Kernel] = {
    "fraud_detection": fraud_detection,
    "model_training": model_training,
    "network_protection": network_protection,
    "data_validation": data_validation,
    "inference": inference,
    "federated_learning": federated_learning,
    "gradient_compute": gradient_compute,
    "matrix_ops": matrix_ops,
    "matrix_multiply": matrix_multiply,
    "model_inference": model_inference,
    "data_hash": data_hash,
    "tensor_reduce": tensor_reduce,
}

#: Kernels that compute on a GPU, too: those whose arithmetic grows faster than what is drawn, moved and hashed for it
#: on the processor (docs/gpu.md)
DENSE: dict[str, Callable[[Any, Generator, Device], dict[str, object]]] = {
    "model_training": model_training,
    "matrix_ops": matrix_ops,
    "matrix_multiply": matrix_multiply,
}


def compute(job_type: str, data: Mapping[str, object], *, job_id: str) -> dict[str, object]:
    """The result of one job: plain JSON values under 2 KB, with every field that the server requires.

    The same arguments give the same result in every process of a machine; `data` is unchanged. After the first call,
    numpy's BLAS computes with one thread in this process.

    Parameters:
        job_type: the server's `task_type`.
        data: the server's `data`; absent fields get defaults, unknown ones are ignored.
        job_id: the seed for drawn numbers.

    Raises:
        UnknownJobTypeError: no kernel of that name.
        PayloadError: a field of `data` is out of bounds; nothing was allocated for it.
    """
    payload = parse(job_type, data)
    prepare_process()
    return KERNELS[job_type](payload, generator(digest.seed(job_id)))


def compute_on(device: Device, job_type: str, data: Mapping[str, object], *, job_id: str) -> dict[str, object]:
    """As `compute`, but a `DENSE` kernel on a device: the result may differ by rounding, and with it the digest.

    Raises:
        PayloadError: as `compute` does.
        Exception: whatever the device's library raises.
    """
    payload = parse(job_type, data)
    prepare_process()
    return DENSE[job_type](payload, generator(digest.seed(job_id)), device)
