"""The payload of each job type: its fields, their bounds and their defaults.

One file: the table of fields and their bounds is most of it.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.compute.payloads.blocks import NetworkProtection
from tasks.compute.payloads.bytestrings import DataHash
from tasks.compute.payloads.estimate import MAX_FLOPS, MAX_MEMORY_BYTES
from tasks.compute.payloads.layers import GradientCompute, Inference, ModelInference, ModelTraining
from tasks.compute.payloads.matrices import MatrixMultiply, MatrixOps
from tasks.compute.payloads.records import DataValidation
from tasks.compute.payloads.table import PAYLOADS, Payload, parse
from tasks.compute.payloads.tensors import TensorReduce
from tasks.compute.payloads.transactions import FraudDetection
from tasks.compute.payloads.weights import FederatedLearning
from tasks.errors import PayloadError
from tasks.jobtypes import JOB_TYPES
from tests.support.hostile_numbers import DEEP, HUGE, INF, NAN

FIELDS = """
    transactions tx_count amount from to blocks block_range height hash records layer_size batch_size epochs model_id
    input_size size global_weights local_data_size layer_dims matrix_size operations input_dim hidden_dim output_dim
    iterations dims
"""


def test_every_job_type_of_the_protocol_has_a_payload() -> None:
    assert set(PAYLOADS) == set(JOB_TYPES)


@pytest.mark.parametrize(
    ("job_type", "data", "payload"),
    [
        (
            "fraud_detection",
            {"transactions": [{"amount": 2.5, "from": "a", "to": "b"}, {"amount": 7, "from": "b", "to": "c"}]},
            FraudDetection(amounts=(2.5, 7), senders=("a", "b"), receivers=("b", "c")),
        ),
        ("fraud_detection", {"tx_count": 12}, FraudDetection(tx_count=12, synthetic=True)),
        ("fraud_detection", {"transactions": [], "tx_count": 12}, FraudDetection()),
        ("fraud_detection", {"transactions": [{}]}, FraudDetection(amounts=(0.0,), senders=("",), receivers=("",))),
        (
            "network_protection",
            {"blocks": [{"height": 3, "hash": "ab"}, {}]},
            NetworkProtection(heights=(3, None), hashes=("ab", "")),
        ),
        ("network_protection", {"block_range": [5, 9]}, NetworkProtection(block_range=(5, 9))),
        ("network_protection", {"blocks": [], "block_range": [5, 9]}, NetworkProtection()),
        ("data_validation", {"records": 0}, DataValidation(records=0)),
        (
            "model_training",
            {"layer_size": 64, "batch_size": 16, "epochs": 5},
            ModelTraining(layer_size=64, batch_size=16, epochs=5),
        ),
        (
            "inference",
            {"model_id": "m", "input_size": 32, "batch_size": 8},
            Inference(model_id="m", input_size=32, batch_size=8),
        ),
        ("inference", {"size": 48}, Inference(input_size=48)),
        ("inference", {"size": 48, "input_size": 32}, Inference(input_size=32)),
        (
            "federated_learning",
            {"global_weights": [[1, 2.5], [3, -4]], "local_data_size": 500},
            FederatedLearning(global_weights=((1, 2.5), (3, -4)), local_data_size=500),
        ),
        ("federated_learning", {"global_weights": None}, FederatedLearning()),
        ("gradient_compute", {"layer_dims": [8, 4]}, GradientCompute(layer_dims=(8, 4))),
        ("gradient_compute", {"size": 128}, GradientCompute(layer_dims=(128, 64, 32))),
        ("gradient_compute", {"size": 1}, GradientCompute(layer_dims=(1, 1, 1))),
        ("gradient_compute", {"size": 9, "layer_dims": [8, 4]}, GradientCompute(layer_dims=(8, 4))),
        ("matrix_ops", {"matrix_size": 512, "operations": 8}, MatrixOps(matrix_size=512, operations=8)),
        ("matrix_multiply", {"size": 7}, MatrixMultiply(size=7)),
        (
            "model_inference",
            {"batch_size": 1, "input_dim": 2, "hidden_dim": 3, "output_dim": 4},
            ModelInference(batch_size=1, input_dim=2, hidden_dim=3, output_dim=4),
        ),
        ("data_hash", {"size": 0, "iterations": 1}, DataHash(size=0, iterations=1)),
        ("tensor_reduce", {"dims": [2, 3]}, TensorReduce(dims=(2, 3))),
    ],
)
def test_every_field_seen_is_read(job_type: str, data: dict[str, object], payload: object) -> None:
    assert parse(job_type, data) == payload


@pytest.mark.parametrize("job_type", PAYLOADS)
def test_absent_and_null_fields_get_defaults_and_unknown_ones_are_ignored(job_type: str) -> None:
    empty = parse(job_type, {})
    assert parse(job_type, dict.fromkeys(FIELDS.split())) == empty
    assert parse(job_type, {"priority": DEEP, "": HUGE, "__class__": NAN}) == empty


INTEGERS = [
    ("fraud_detection", "tx_count", 0, 10_000),
    ("data_validation", "records", 0, 1_000_000),
    ("model_training", "layer_size", 1, None),
    ("model_training", "batch_size", 1, 8192),
    ("model_training", "epochs", 0, None),
    ("inference", "input_size", 1, 8192),
    ("inference", "size", 1, 8192),
    ("inference", "batch_size", 1, 8192),
    ("federated_learning", "local_data_size", 1, 100_000),
    ("gradient_compute", "size", 1, None),
    ("matrix_ops", "matrix_size", 1, None),
    ("matrix_ops", "operations", 0, None),
    ("matrix_multiply", "size", 1, 4096),
    ("model_inference", "batch_size", 1, 8192),
    ("model_inference", "input_dim", 1, 8192),
    ("model_inference", "hidden_dim", 1, 8192),
    ("model_inference", "output_dim", 1, 8192),
    ("data_hash", "size", 0, 2**26),
    ("data_hash", "iterations", 1, 3_000_000),
]


@pytest.mark.parametrize(("job_type", "field", "low", "high"), INTEGERS)
def test_an_integer_field_takes_its_bounds_and_nothing_beyond(
    job_type: str, field: str, low: int, high: int | None
) -> None:
    parse(job_type, {field: low})
    beyond: list[object] = [low - 1, -HUGE, HUGE]
    if high is not None:
        parse(job_type, {field: high})
        beyond.append(high + 1)
    for value in [*beyond, True, False, 8.0, NAN, INF, "8", [8], {"a": 8}, DEEP]:
        with pytest.raises(PayloadError) as caught:
            parse(job_type, {field: value})
        assert caught.value.field == field
        assert caught.value.bound
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("job_type", "data", "field"),
    [
        ("fraud_detection", {"transactions": "x"}, "transactions"),
        ("fraud_detection", {"transactions": {"amount": 1}}, "transactions"),
        ("fraud_detection", {"transactions": [{}] * 10_001}, "transactions"),
        ("fraud_detection", {"transactions": [{}, 5]}, "transactions[1]"),
        ("fraud_detection", {"transactions": [{}, None]}, "transactions[1]"),
        ("fraud_detection", {"transactions": DEEP}, "transactions[0]"),
        ("fraud_detection", {"transactions": [{}, {"amount": NAN}]}, "transactions[1].amount"),
        ("fraud_detection", {"transactions": [{"amount": INF}]}, "transactions[0].amount"),
        ("fraud_detection", {"transactions": [{"amount": -1.0}]}, "transactions[0].amount"),
        ("fraud_detection", {"transactions": [{"amount": 1e19}]}, "transactions[0].amount"),
        ("fraud_detection", {"transactions": [{"amount": HUGE}]}, "transactions[0].amount"),
        ("fraud_detection", {"transactions": [{"amount": True}]}, "transactions[0].amount"),
        ("fraud_detection", {"transactions": [{"amount": "9"}]}, "transactions[0].amount"),
        ("fraud_detection", {"transactions": [{"from": 5}]}, "transactions[0].from"),
        ("fraud_detection", {"transactions": [{"to": ["a"]}]}, "transactions[0].to"),
        ("fraud_detection", {"transactions": [{"to": "a" * 129}]}, "transactions[0].to"),
        ("network_protection", {"blocks": 7}, "blocks"),
        ("network_protection", {"blocks": [{}] * 10_001}, "blocks"),
        ("network_protection", {"blocks": ["x"]}, "blocks[0]"),
        ("network_protection", {"blocks": [{"height": -1}]}, "blocks[0].height"),
        ("network_protection", {"blocks": [{"height": 2**63}]}, "blocks[0].height"),
        ("network_protection", {"blocks": [{"height": 1.0}]}, "blocks[0].height"),
        ("network_protection", {"blocks": [{"height": True}]}, "blocks[0].height"),
        ("network_protection", {"blocks": [{"hash": 5}]}, "blocks[0].hash"),
        ("network_protection", {"blocks": [{"hash": "a" * 129}]}, "blocks[0].hash"),
        ("network_protection", {"block_range": [1]}, "block_range"),
        ("network_protection", {"block_range": [1, 2, 3]}, "block_range"),
        ("network_protection", {"block_range": [9, 3]}, "block_range"),
        ("network_protection", {"block_range": [0, 10_000]}, "block_range"),
        ("network_protection", {"block_range": [0, HUGE]}, "block_range[1]"),
        ("network_protection", {"block_range": [0.0, 3]}, "block_range[0]"),
        ("network_protection", {"block_range": "09"}, "block_range"),
        ("inference", {"model_id": 5}, "model_id"),
        ("inference", {"model_id": "m" * 129}, "model_id"),
        ("inference", {"model_id": ["m"]}, "model_id"),
        ("federated_learning", {"global_weights": []}, "global_weights"),
        ("federated_learning", {"global_weights": [1, 2]}, "global_weights[0]"),
        ("federated_learning", {"global_weights": [[]]}, "global_weights[0]"),
        ("federated_learning", {"global_weights": [[1, 2], [3]]}, "global_weights[1]"),
        ("federated_learning", {"global_weights": [[1, 2], "34"]}, "global_weights[1]"),
        ("federated_learning", {"global_weights": [[1, NAN]]}, "global_weights[0][1]"),
        ("federated_learning", {"global_weights": [[1, -INF]]}, "global_weights[0][1]"),
        ("federated_learning", {"global_weights": [[HUGE]]}, "global_weights[0][0]"),
        ("federated_learning", {"global_weights": [[1e7]]}, "global_weights[0][0]"),
        ("federated_learning", {"global_weights": [[None]]}, "global_weights[0][0]"),
        ("federated_learning", {"global_weights": [[True]]}, "global_weights[0][0]"),
        ("federated_learning", {"global_weights": [[[1.0]]]}, "global_weights[0][0]"),
        ("federated_learning", {"global_weights": [[0.0] * 1025]}, "global_weights[0]"),
        ("federated_learning", {"global_weights": [[0.0]] * 1025}, "global_weights"),
        ("federated_learning", {"global_weights": DEEP}, "global_weights[0][0]"),
        ("federated_learning", {"global_weights": {"w": [[1]]}}, "global_weights"),
        ("gradient_compute", {"layer_dims": [8]}, "layer_dims"),
        ("gradient_compute", {"layer_dims": [8] * 33}, "layer_dims"),
        ("gradient_compute", {"layer_dims": [8, 0]}, "layer_dims[1]"),
        ("gradient_compute", {"layer_dims": [8, True]}, "layer_dims[1]"),
        ("gradient_compute", {"layer_dims": [8, "4"]}, "layer_dims[1]"),
        ("gradient_compute", {"layer_dims": {"0": 8}}, "layer_dims"),
        ("tensor_reduce", {"dims": []}, "dims"),
        ("tensor_reduce", {"dims": [1] * 9}, "dims"),
        ("tensor_reduce", {"dims": [3, 0]}, "dims[1]"),
        ("tensor_reduce", {"dims": [3, -4]}, "dims[1]"),
        ("tensor_reduce", {"dims": 100}, "dims"),
    ],
)
def test_an_absurd_field_is_refused_by_its_path(job_type: str, data: dict[str, object], field: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse(job_type, data)
    assert caught.value.field == field
    assert len(str(caught.value)) < 400


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**4000, -(10**4000)]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS.split()) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    job_type=st.sampled_from(sorted(PAYLOADS)),
    data=st.dictionaries(st.sampled_from(FIELDS.split()), ANY_JSON, max_size=6),
)
@example(job_type="federated_learning", data={"global_weights": [[0.0, -0.0], [1, 2]]})
@example(job_type="fraud_detection", data={"transactions": [{"from": "\ud800", "to": "\x00"}]})
def test_whatever_a_server_sends_is_either_a_bounded_payload_or_refused(job_type: str, data: dict[str, object]) -> None:
    payload = parsed_or_refused(job_type, data)
    if isinstance(payload, PayloadError):
        assert len(str(payload)) < 400
        return
    assert 0 < payload.estimate.flops <= MAX_FLOPS
    assert 0 <= payload.estimate.memory_bytes <= MAX_MEMORY_BYTES
    hash(payload)


def parsed_or_refused(job_type: str, data: dict[str, object]) -> Payload | PayloadError:
    try:
        return parse(job_type, data)
    except PayloadError as error:
        return error
