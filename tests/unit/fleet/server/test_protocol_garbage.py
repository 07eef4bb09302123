"""An answer is untrusted input: it becomes a value, or Garbled, and never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.domain.jobs import JobOrigin
from fleet.errors import (
    Garbled,
)
from fleet.server import network_figures, protocol

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "success", "error", "session_id", "initial_task", "next_task", "task_id", "task_type", "data", "reward",
        "timeout_seconds", "contributor", "contributor_id", "total_rewards", "rewards_earned", "status", "summary",
    ]
)  # fmt: skip
ANSWERS = st.dictionaries(FIELDS, JSON, max_size=10)
PARSERS: list[Callable[[dict[str, Any]], object]] = [
    protocol.parse_registration,
    protocol.parse_session_start,
    protocol.parse_receipt,
    protocol.parse_heartbeat,
    protocol.parse_session_summary,
    protocol.parse_totals,
    network_figures.parse_gas,
    network_figures.parse_network,
    network_figures.parse_terms,
    lambda answer: protocol.parse_job(answer, JobOrigin.FETCHED, "rig-1"),
]

TASK = {"task_id": "j1", "task_type": "inference", "data": {}, "reward": 0.5, "timeout_seconds": 60}


@pytest.mark.parametrize("parse", PARSERS)
@given(answer=ANSWERS)
def test_any_object_is_a_value_or_garbled(parse: Callable[[dict[str, Any]], object], answer: dict[str, Any]) -> None:
    try:
        parse(answer)
    except Garbled:
        return


@pytest.mark.parametrize(
    "body",
    [
        b"<html>502 Bad Gateway</html>",
        b'{"success": tr',
        b"[1, 2]",
        b'{"reward": NaN}',
        b'{"reward": -Infinity}',
        b'{"n": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'"\xff\xfe"',
        b"",
    ],
    ids=[
        "html",
        "cut",
        "a list",
        "NaN",
        "infinity",
        "5,000 digits",
        "deep list",
        "deep object",
        "bad UTF-8",
        "nothing",
    ],
)
def test_what_is_no_json_object_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        protocol.parse_object(body)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_fetched_job_is_computed_though_its_reward_is_no_number(number: str) -> None:
    body = f'{{"task_id": "t-1", "task_type": "data_hash", "data": {{"size": 8}}, "reward": {number}, "age": {number}}}'
    job = protocol.parse_fetched(body.encode(), "rig-1")
    assert (job.data, job.reward, job.problem) == ({"size": 8}, Decimal(0), "")
    assert "is not an amount of NNET" in job.oddity


@pytest.mark.parametrize(
    "body",
    [
        b'{"task_id": NaN, "task_type": "data_hash", "data": {"size": 8}, "reward": 1}',
        b'{"task_id": "t-1", "reward": NaN',
        b"[NaN]",
        b"NaN",
    ],
    ids=["for its id", "cut", "a list", "alone"],
)
def test_a_fetched_job_that_can_not_be_told_is_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        protocol.parse_fetched(body, "rig-1")


@pytest.mark.parametrize("reward", [-0.1, "0.5", None, True, [], 1e9, float("inf"), float("nan")])
def test_a_reward_that_is_no_sound_amount_is_garbled(reward: object) -> None:
    with pytest.raises(Garbled, match="reward"):
        protocol.parse_receipt({"success": True, "reward": reward})


@pytest.mark.parametrize("text", ["0.1", "0.14285714285714285", "0.0010000000000000002", "1e-07", "73.0", "5"])
def test_an_amount_keeps_its_last_digit(text: str) -> None:
    receipt = protocol.parse_receipt(json.loads(f'{{"success": true, "reward": {text}}}'))
    assert receipt.reward == Decimal(text)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(60, 60.0), (-1, 60.0), (0, 60.0), ("60", 60.0), (None, 60.0), (1e12, 3600.0), (0.001, 5.0), (True, 60.0)],
)
def test_an_absurd_deadline_is_clamped(seconds: object, expected: float) -> None:
    assert protocol.parse_job(TASK | {"timeout_seconds": seconds}, JobOrigin.FETCHED).timeout_s == expected


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"task_type": "mine_bitcoin"}, "unknown job type"),
        ({"task_type": None}, "unknown job type"),
        ({"data": [1]}, "must be an object"),
        ({"data": json.loads('{"a":' * 30 + "1" + "}" * 30)}, "nested"),
    ],
)
def test_a_job_that_no_kernel_can_compute_carries_its_problem(change: dict[str, Any], problem: str) -> None:
    assert problem in protocol.parse_job(TASK | change, JobOrigin.FETCHED).problem


@pytest.mark.parametrize("job_id", [None, "", 7, "a b", "x" * 129, "../etc", "j1~2"])
def test_a_job_without_a_usable_id_is_garbled(job_id: object) -> None:
    with pytest.raises(Garbled, match="task_id"):
        protocol.parse_job(TASK | {"task_id": job_id}, JobOrigin.FETCHED)


@pytest.mark.parametrize("reward", [-1, "much", None, True, [], 1e9, float("inf")])
def test_a_job_without_a_usable_reward_is_computed_and_called_odd(reward: object) -> None:
    job = protocol.parse_job(TASK | {"reward": reward}, JobOrigin.FETCHED)
    assert job.reward == 0
    assert "reward" in job.oddity
    assert not job.problem


def test_the_job_of_another_miner_is_garbled() -> None:
    with pytest.raises(Garbled, match="rig-2"):
        protocol.parse_job(TASK | {"contributor_id": "rig-2"}, JobOrigin.FETCHED, "rig-1")


def test_a_malformed_free_job_does_not_spoil_the_heartbeat_that_brought_it() -> None:
    answer = protocol.parse_heartbeat({"status": "active", "reward": 0.1, "next_task": {"task_id": "a b"}})
    assert answer.next_job is None
    assert answer.anomalies
