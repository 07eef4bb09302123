"""The table of payloads: job type → model of its `data`. Free of numpy, so that a coordinator can estimate a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, Self

from tasks.compute.payloads import fields
from tasks.compute.payloads.blocks import NetworkProtection
from tasks.compute.payloads.bytestrings import DataHash
from tasks.compute.payloads.estimate import Estimate
from tasks.compute.payloads.layers import GradientCompute, Inference, ModelInference, ModelTraining
from tasks.compute.payloads.matrices import MatrixMultiply, MatrixOps
from tasks.compute.payloads.records import DataValidation
from tasks.compute.payloads.tensors import TensorReduce
from tasks.compute.payloads.transactions import FraudDetection
from tasks.compute.payloads.weights import FederatedLearning
from tasks.errors import UnknownJobTypeError


class Payload(Protocol):
    """The interface of every payload."""

    @classmethod
    def parse(cls, data: Mapping[str, object]) -> Self:
        """The payload in a job's `data`; raises PayloadError."""

    @property
    def estimate(self) -> Estimate:
        """The estimated cost of the job."""


PAYLOADS: dict[str, type[Payload]] = {
    "fraud_detection": FraudDetection,
    "model_training": ModelTraining,
    "network_protection": NetworkProtection,
    "data_validation": DataValidation,
    "inference": Inference,
    "federated_learning": FederatedLearning,
    "gradient_compute": GradientCompute,
    "matrix_ops": MatrixOps,
    "matrix_multiply": MatrixMultiply,
    "model_inference": ModelInference,
    "data_hash": DataHash,
    "tensor_reduce": TensorReduce,
}


def parse(job_type: str, data: Mapping[str, object]) -> Payload:
    """The checked payload of one job.

    Raises:
        UnknownJobTypeError: no payload of that name.
        PayloadError: `data` is not an object, or one of its fields is out of bounds.
    """
    model = PAYLOADS.get(job_type)
    if model is None:
        raise UnknownJobTypeError(job_type)
    fields.record("*", data)
    return model.parse(data)
