"""Draws the `data` of each job type as the recorded servers do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

Data = dict[str, object]

DESCRIPTIONS: dict[str, str] = {
    "fraud_detection": "Analyze transaction patterns for suspicious activity",
    "model_training": "Train neural network for network security",
    "network_protection": "Validate blocks and detect malicious actors",
    "data_validation": "Verify transaction data integrity",
    "inference": "Run AI models on new data",
    "federated_learning": "Collaborative model training without sharing data",
    "gradient_compute": "Calculate optimization gradients",
    "matrix_ops": "Neural network matrix computations",
    "matrix_multiply": "Multiply matrices for neural networks",
    "model_inference": "Run a small model on a batch",
    "data_hash": "Hash data for blockchain verification",
    "tensor_reduce": "Reduce tensors for model aggregation",
}

MODELS = ("fraud_detector_v1", "risk_scorer_v1", "anomaly_detector_v2")

#: job types whose kernels take well under a millisecond
LIGHT_TYPES = ("fraud_detection", "inference", "gradient_compute", "network_protection", "data_validation")


def _fraud_detection(rng: Random) -> Data:
    count = rng.randint(10, 30)
    draw = rng.random
    return {
        "transactions": [{"amount": draw() * 10_000, "from": f"addr_{i}", "to": f"addr_{i + 1}"} for i in range(count)]
    }


def _model_training(rng: Random) -> Data:
    return {
        "layer_size": rng.choice((64, 128, 256)),
        "batch_size": rng.randint(16, 64),
        "epochs": rng.randint(5, 15),
    }


def _block_hash(rng: Random) -> str:
    digits = f"{rng.getrandbits(56):014x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:]}"


def _network_protection(rng: Random) -> Data:
    return {"blocks": [{"height": height, "hash": _block_hash(rng)} for height in range(rng.randint(5, 15))]}


def _data_validation(rng: Random) -> Data:
    return {"records": rng.randint(100, 500)}


def _inference(rng: Random) -> Data:
    return {
        "model_id": rng.choice(MODELS),
        "input_size": rng.choice((32, 64, 128)),
        "batch_size": rng.randint(8, 32),
    }


def _federated_learning(rng: Random) -> Data:
    return {"global_weights": None, "local_data_size": rng.randint(500, 2000)}


def _gradient_compute(_rng: Random) -> Data:
    return {"layer_dims": [128, 64, 32]}


def _matrix_ops(rng: Random) -> Data:
    return {"matrix_size": rng.choice((128, 256, 512)), "operations": rng.randint(3, 8)}


def _matrix_multiply(_rng: Random) -> Data:
    return {"size": 100}


def _model_inference(_rng: Random) -> Data:
    return {"batch_size": 32, "input_dim": 512, "hidden_dim": 256, "output_dim": 10}


def _data_hash(_rng: Random) -> Data:
    return {"size": 10_000, "iterations": 1_000}


def _tensor_reduce(_rng: Random) -> Data:
    return {"dims": [100, 100, 100]}


_USUAL: dict[str, Callable[[Random], Data]] = {
    "fraud_detection": _fraud_detection,
    "model_training": _model_training,
    "network_protection": _network_protection,
    "data_validation": _data_validation,
    "inference": _inference,
    "federated_learning": _federated_learning,
    "gradient_compute": _gradient_compute,
    "matrix_ops": _matrix_ops,
    "matrix_multiply": _matrix_multiply,
    "model_inference": _model_inference,
    "data_hash": _data_hash,
    "tensor_reduce": _tensor_reduce,
}


def _older_blocks(rng: Random) -> Data:
    first = rng.randint(0, 10_000)
    return {"block_range": [first, first + rng.randint(5, 15)]}


def _older_weights(rng: Random) -> Data:
    rows, columns = rng.randint(2, 6), rng.randint(2, 6)
    weights = [[rng.uniform(-1, 1) for _ in range(columns)] for _ in range(rows)]
    return {"global_weights": weights, "local_data_size": rng.randint(500, 2000)}


_OLDER: dict[str, Callable[[Random], Data]] = {
    "fraud_detection": lambda rng: {"tx_count": rng.randint(10, 30)},
    "network_protection": _older_blocks,
    "inference": lambda rng: {"size": rng.choice((32, 64, 128))},
    "gradient_compute": lambda rng: {"size": rng.choice((32, 64, 128))},
    "federated_learning": _older_weights,
}


def draw_data(job_type: str, rng: Random, *, older_share: float = 0.0) -> Data:
    """The `data` of one job. A fraction `older_share` of jobs has an older server's fields, where the type has such."""
    if older_share and job_type in _OLDER and rng.random() < older_share:
        return _OLDER[job_type](rng)
    return _USUAL[job_type](rng)


def poisoned(job_type: str) -> Data:
    """`data` in the type's own fields, too large for any host to compute."""
    huge = 10**9
    bombs: Mapping[str, Data] = {
        "fraud_detection": {"tx_count": 10**12},
        "model_training": {"layer_size": huge, "batch_size": huge, "epochs": huge},
        "network_protection": {"block_range": [0, 10**15]},
        "data_validation": {"records": 10**15},
        "inference": {"model_id": MODELS[0], "input_size": huge, "batch_size": huge},
        "federated_learning": {"global_weights": None, "local_data_size": 10**15},
        "gradient_compute": {"layer_dims": [10**6, 10**6, 10**6]},
        "matrix_ops": {"matrix_size": 10**6, "operations": huge},
        "matrix_multiply": {"size": 10**7},
        "model_inference": {"batch_size": huge, "input_dim": huge, "hidden_dim": huge, "output_dim": huge},
        "data_hash": {"size": 10**12, "iterations": 10**12},
        "tensor_reduce": {"dims": [10**5, 10**5, 10**5]},
    }
    return bombs[job_type]


def draw_type(rng: Random, types: Sequence[str], cumulative_weights: Sequence[float]) -> str:
    """One job type of the mix."""
    return rng.choices(types, cum_weights=cumulative_weights)[0]


JOB_TYPE_NAMES: tuple[str, ...] = tuple(_USUAL)
