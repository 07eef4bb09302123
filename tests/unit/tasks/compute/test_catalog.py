"""What holds for every kernel: required fields, plain JSON, one job one result."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from tasks.compute.catalog import KERNEL_VERSION, KERNELS, compute
from tasks.compute.digest import KERNEL_VERSION as DIGEST_VERSION
from tasks.compute.payloads.table import PAYLOADS
from tasks.errors import PayloadError, UnknownJobTypeError
from tasks.jobtypes import JOB_TYPES

#: as the servers send them, newer and older
JOBS: list[tuple[str, dict[str, Any]]] = [
    (
        "fraud_detection",
        {"transactions": [{"amount": 997.31 * k, "from": f"addr_{k}", "to": f"addr_{k * 7 % 20}"} for k in range(30)]},
    ),
    ("fraud_detection", {"tx_count": 25}),
    ("model_training", {"layer_size": 256, "batch_size": 49, "epochs": 7}),
    ("network_protection", {"blocks": [{"height": k, "hash": f"2c4598e3-ae22-{k:02d}"} for k in range(15)]}),
    ("network_protection", {"block_range": [100, 140]}),
    ("data_validation", {"records": 197}),
    ("inference", {"model_id": "risk_scorer_v1", "input_size": 128, "batch_size": 32}),
    ("inference", {"size": 64}),
    ("federated_learning", {"global_weights": None, "local_data_size": 663}),
    ("federated_learning", {"global_weights": [[0.5, -0.25], [1, 2], [-0.0, 4]], "local_data_size": 2000}),
    ("gradient_compute", {"layer_dims": [128, 64, 32]}),
    ("gradient_compute", {"size": 100}),
    ("matrix_ops", {"matrix_size": 256, "operations": 7}),
    ("matrix_ops", {"matrix_size": 512, "operations": 3}),
    ("matrix_multiply", {"size": 100}),
    ("model_inference", {"batch_size": 32, "input_dim": 512, "hidden_dim": 256, "output_dim": 10}),
    ("data_hash", {"size": 10_000, "iterations": 1_000}),
    ("tensor_reduce", {"dims": [100, 100, 100]}),
]
#: lists at their longest
LONG: list[tuple[str, dict[str, Any]]] = [
    ("fraud_detection", {"transactions": [{"amount": 100, "from": "é" * 128, "to": "é" * 128}] * 10_000}),
    ("network_protection", {"blocks": [{"height": 2**63 - 1, "hash": "g" * 128}] * 10_000}),
    ("inference", {"model_id": "\ud800" * 128, "batch_size": 2048}),
    ("fraud_detection", {"transactions": [{"amount": 1, "from": "\ud800", "to": "\udfff"}]}),
    ("network_protection", {"blocks": [{"height": 1, "hash": "\ud800"}]}),
    ("model_inference", {"batch_size": 4096, "input_dim": 4, "hidden_dim": 4, "output_dim": 4000}),
    ("gradient_compute", {"layer_dims": [64] * 32}),
    ("tensor_reduce", {"dims": [1, 2, 3, 4, 5, 6, 7, 8]}),
    ("federated_learning", {"global_weights": [[1e6] * 200] * 200, "local_data_size": 100}),
]
NAMES = [f"{job_type}-{number}" for number, (job_type, _) in enumerate(JOBS)]


def results() -> dict[str, dict[str, object]]:
    """The result of every job in `JOBS`."""
    return {
        name: compute(job_type, data, job_id=f"job {name}") for name, (job_type, data) in zip(NAMES, JOBS, strict=True)
    }


def floats(value: object) -> list[float]:
    """Every float in a JSON value."""
    if isinstance(value, float):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [number for item in inner for number in floats(item)]


def types(value: object) -> set[type]:
    """Every type in a JSON value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value)}.union(*(types(item) for item in inner))


def test_every_job_type_has_a_payload_and_a_kernel() -> None:
    assert set(KERNELS) == set(PAYLOADS) == set(JOB_TYPES)
    assert KERNEL_VERSION == DIGEST_VERSION


@pytest.mark.parametrize(("job_type", "data"), [*JOBS, *LONG, *((name, {}) for name in JOB_TYPES)])
def test_a_result_has_the_required_fields_in_plain_json_under_2_kb_without_an_error(
    job_type: str, data: dict[str, Any]
) -> None:
    result = compute(job_type, data, job_id="550e8400-e29b-41d4-a716-446655440000")
    assert all(result.get(field) is not None for field in JOB_TYPES[job_type].required)
    assert types(result) <= {dict, list, str, int, float, bool}
    assert type(result["synthetic"]) is bool
    text = json.dumps(result, allow_nan=False)
    assert len(text) < 2048
    assert json.loads(text) == result
    assert "error" not in result


@pytest.mark.parametrize(("job_type", "data"), JOBS, ids=NAMES)
def test_the_same_job_gives_the_same_result_and_leaves_its_data_alone(job_type: str, data: dict[str, Any]) -> None:
    before = copy.deepcopy(data)
    first = compute(job_type, data, job_id="one")
    turned = dict(reversed(data.items())) | {"unknown": [1, 2]}
    assert compute(job_type, turned, job_id="one") == first
    assert data == before
    if first["synthetic"]:
        assert compute(job_type, data, job_id="two") != first
    else:
        assert compute(job_type, data, job_id="two") == first


@pytest.mark.parametrize(("threads", "hash_seed"), [("1", "0"), ("2", "77")])
def test_a_fresh_process_gives_the_same_results(threads: str, hash_seed: str) -> None:
    script = f"import json, sys; from {__name__} import results; json.dump(results(), sys.stdout)"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    answer = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True, text=True)
    assert json.loads(answer.stdout) == results()


def test_only_numpy_is_loaded_beside_the_standard_library() -> None:
    script = (
        "import sys, tasks.compute.catalog\n"
        "tops = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(top for top in tops - set(sys.stdlib_module_names) if not top.startswith('_')))"
    )
    answer = subprocess.run(
        [sys.executable, "-S", "-c", script], env=_bare(), capture_output=True, check=True, text=True
    )
    assert set(answer.stdout.split()) <= {"numpy", "tasks", "cython_runtime"}


def _bare() -> dict[str, str]:
    """An environment in which the same packages are found without site hooks (editable installs load more)."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def test_a_large_job_leaves_little_memory_behind() -> None:
    script = (
        "import psutil\n"
        "from tasks.compute.catalog import compute\n"
        "compute('tensor_reduce', {}, job_id='x')\n"
        "before = psutil.Process().memory_info().rss\n"
        "for size in (64, 3000, 1000, 300):\n"
        "    compute('matrix_multiply', {'size': size}, job_id='x')\n"
        "print(psutil.Process().memory_info().rss - before)"
    )
    answer = subprocess.run([sys.executable, "-c", script], env=_bare(), capture_output=True, check=True, text=True)
    assert int(answer.stdout) < 64 * 2**20


def test_an_unknown_job_type_and_absurd_data_are_refused() -> None:
    with pytest.raises(UnknownJobTypeError):
        compute("mine_bitcoin", {}, job_id="x")
    with pytest.raises(PayloadError):
        compute("matrix_ops", {"matrix_size": 10_000}, job_id="x")


SMALL = st.one_of(
    st.integers(min_value=-1, max_value=40),
    st.floats(),
    st.none(),
    st.text(max_size=3),
    st.lists(st.integers(min_value=0, max_value=6), max_size=3),
    st.lists(st.lists(st.floats(min_value=-2e6, max_value=2e6), min_size=1, max_size=2), max_size=3),
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "amount": st.floats(min_value=-1, max_value=2e18) | st.integers(min_value=0),
                "from": st.text(max_size=2),
                "to": st.text(max_size=2),
                "height": st.integers(min_value=-1, max_value=4),
                "hash": st.text(alphabet="abcdefx0-", max_size=9),
            },
        ),
        max_size=4,
    ),
)
FIELDS = """
    transactions tx_count blocks block_range records layer_size batch_size epochs model_id input_size size dims
    global_weights local_data_size layer_dims matrix_size operations input_dim hidden_dim output_dim iterations
"""


@settings(suppress_health_check=[HealthCheck.filter_too_much], deadline=None, max_examples=80)
@given(
    job_type=st.sampled_from(sorted(KERNELS)), data=st.dictionaries(st.sampled_from(FIELDS.split()), SMALL, max_size=5)
)
def test_whatever_is_accepted_is_computed_without_a_warning_and_is_finite(job_type: str, data: dict[str, Any]) -> None:
    try:
        result = compute(job_type, data, job_id="x")
    except PayloadError:
        reject()
    json.dumps(result, allow_nan=False)
    assert all(result.get(field) is not None for field in JOB_TYPES[job_type].required)
    assert all(abs(number) < 1e30 for number in floats(result))
