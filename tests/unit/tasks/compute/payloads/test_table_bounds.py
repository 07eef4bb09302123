"""What a job would take is known before it is computed, and what is refused is said small."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tasks.compute.payloads import fields
from tasks.compute.payloads.blocks import NetworkProtection
from tasks.compute.payloads.estimate import MAX_FLOPS, MAX_MEMORY_BYTES, Estimate
from tasks.compute.payloads.matrices import MatrixOps
from tasks.compute.payloads.table import parse
from tasks.compute.payloads.transactions import FraudDetection
from tasks.compute.payloads.weights import FederatedLearning
from tasks.errors import PayloadError, UnknownJobTypeError
from tests.support.hostile_numbers import DEEP, HUGE, NAN


@pytest.mark.parametrize(
    ("job_type", "data"),
    [
        ("matrix_ops", {"matrix_size": 10_000}),
        ("matrix_ops", {"matrix_size": 4096, "operations": 2}),
        ("matrix_ops", {"matrix_size": 1, "operations": 10**9}),
        ("gradient_compute", {"layer_dims": [10**6, 10**6]}),
        ("gradient_compute", {"layer_dims": [8192] * 32}),
        ("model_training", {"layer_size": 8192}),
        ("model_training", {"layer_size": 2048, "batch_size": 4096, "epochs": 10_000}),
        ("model_inference", {"input_dim": 8192, "hidden_dim": 8192, "output_dim": 8192}),
        ("inference", {"input_size": 8192, "batch_size": 10**6}),
        ("federated_learning", {"global_weights": [[0.0] * 1024] * 1024, "local_data_size": 100_000}),
        ("data_hash", {"size": 10**12}),
        ("data_hash", {"iterations": 10**9}),
        ("tensor_reduce", {"dims": [10**4, 10**4]}),
        ("tensor_reduce", {"dims": [2**24] * 8}),
        ("data_validation", {"records": 10**9}),
        ("fraud_detection", {"tx_count": 10**9}),
        ("network_protection", {"block_range": [0, 10**9]}),
    ],
)
def test_a_bomb_is_refused_with_what_it_would_take(job_type: str, data: dict[str, object]) -> None:
    with pytest.raises(PayloadError):
        parse(job_type, data)


def test_an_estimate_beyond_either_bound_is_refused_and_at_the_bound_is_not() -> None:
    Estimate(flops=MAX_FLOPS, memory_bytes=MAX_MEMORY_BYTES).admit("n", 1)
    with pytest.raises(PayloadError, match=r"data\.n is 1, must be small enough for 150,000,000,000 operations"):
        Estimate(flops=MAX_FLOPS + 1, memory_bytes=0).admit("n", 1)
    with pytest.raises(PayloadError, match="small enough for 268,435,456 bytes"):
        Estimate(flops=0, memory_bytes=MAX_MEMORY_BYTES + 1).admit("n", 1)


def test_a_payload_out_of_bounds_cannot_be_built_directly_either() -> None:
    with pytest.raises(PayloadError):
        MatrixOps(matrix_size=0)
    with pytest.raises(PayloadError):
        FraudDetection(amounts=(NAN,), senders=("",), receivers=("",))
    with pytest.raises(PayloadError):
        FederatedLearning(global_weights=((1.0,), (1.0, 2.0)))


@pytest.mark.parametrize("columns", [{"amounts": (1.0,)}, {"senders": ("a",)}, {"receivers": ("a", "b")}])
def test_columns_of_unequal_length_are_a_programmers_mistake(columns: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="length"):
        FraudDetection(**columns)


def test_block_columns_of_unequal_length_are_a_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="length"):
        NetworkProtection(heights=(1,))


@pytest.mark.parametrize("data", [None, [], "x", 5, DEEP], ids=lambda data: type(data).__name__)
def test_data_that_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(PayloadError):
        parse("inference", data)


def test_an_unknown_job_type_is_refused_by_name() -> None:
    with pytest.raises(UnknownJobTypeError, match="quantum_annealing"):
        parse("quantum_annealing", {})


def test_an_error_names_field_value_and_bound_and_survives_pickling() -> None:
    with pytest.raises(PayloadError) as caught:
        parse("matrix_ops", {"matrix_size": -3})
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # written a moment ago
    assert str(error) == "data.matrix_size is -3, must be an integer in 1..4096"
    assert (error.field, error.value) == ("matrix_size", -3)


@pytest.mark.parametrize(
    "value", [HUGE, DEEP, "x" * 10**6, {"k": DEEP}, (1,) * 10**5, b"x", -HUGE], ids=lambda value: type(value).__name__
)
def test_what_was_seen_is_shown_small(value: object) -> None:
    shown = fields.seen(value)
    assert isinstance(shown, str)
    assert len(shown) < 120
