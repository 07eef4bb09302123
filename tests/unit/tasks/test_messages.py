"""Job messages on the wire: what crosses it unchanged, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.data_size import MAX_DATA_BYTES, data_text, surely_fits
from tasks.errors import MessageError
from tasks.messages import JobMessage, is_job_id, parse_task_id, task_id
from tasks.wire_versions import WIRE_VERSION
from tests.support.any_json import JSON, OBJECTS

JOB_IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", fullmatch=True)
MESSAGE: dict[str, Any] = {
    "v": WIRE_VERSION,
    "job_id": "j-1",
    "attempt": 1,
    "miner_id": "rig-a1",
    "job_type": "inference",
    "data": '{"size": 8}',
}


@given(job_id=JOB_IDS, attempt=st.integers(1, 99_999))
def test_a_task_id_names_its_job_and_its_attempt(job_id: str, attempt: int) -> None:
    assert parse_task_id(task_id(job_id, attempt)) == (job_id, attempt)


def test_the_first_attempt_is_named_by_the_job_id_itself() -> None:
    assert task_id("7b0c", 1) == "7b0c"
    assert task_id("7b0c", 2) == "7b0c~2"


@pytest.mark.parametrize(
    "text", ["", "~2", "a~", "a~x", "a~-1", "a~1000000", "a~\u0662", "-a", "a b", "a\n", "a/b", "ä"]
)
def test_what_is_no_task_id_of_a_job_is_refused(text: str) -> None:
    with pytest.raises(MessageError, match="is not the task id of a job"):
        parse_task_id(text)


@pytest.mark.parametrize("value", [None, 7, b"a", "", "a" * 129, "a b", ".a"])
def test_only_short_plain_text_names_a_job(value: object) -> None:
    assert not is_job_id(value)
    assert is_job_id("a" * 128)


@given(
    job_id=JOB_IDS,
    attempt=st.integers(1, 99),
    miner_id=st.text(max_size=64),
    job_type=st.text(max_size=32),
    data=OBJECTS,
)
def test_a_job_message_crosses_the_wire_unchanged(
    job_id: str, attempt: int, miner_id: str, job_type: str, data: dict[str, Any]
) -> None:
    message = JobMessage(job_id=job_id, attempt=attempt, miner_id=miner_id, job_type=job_type, data=data)
    assert JobMessage.decode(json.loads(json.dumps(message.encode()))) == message


@pytest.mark.parametrize("version", [None, 0, 1, WIRE_VERSION + 1, str(WIRE_VERSION), [WIRE_VERSION]])
def test_a_job_message_of_another_wire_version_is_refused_with_what_to_do(version: object) -> None:
    with pytest.raises(MessageError, match=f"this worker speaks {WIRE_VERSION}: run the coordinator's release"):
        JobMessage.decode(MESSAGE | {"v": version})


@pytest.mark.parametrize(
    "change",
    [
        {"job_id": 7},
        {"miner_id": None},
        {"job_type": ["inference"]},
        {"attempt": "1"},
        {"attempt": True},
        {"attempt": 1.0},
        {"data": None},
        {"data": [1]},
        {"data": {"size": 8}},
        {"data": "[1]"},
        {"data": "7"},
        {"data": ""},
        {"data": '{"size": NaN}'},
        {"data": "[" * 100_000},
    ],
)
def test_a_job_message_with_a_field_of_another_type_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        JobMessage.decode(MESSAGE | change)


@pytest.mark.parametrize("name", sorted(MESSAGE.keys()))
def test_a_job_message_without_one_of_its_fields_is_refused(name: str) -> None:
    with pytest.raises(MessageError):
        JobMessage.decode({key: value for key, value in MESSAGE.items() if key != name})


@given(JSON | OBJECTS)
def test_whatever_json_arrives_as_a_job_is_a_message_or_refused(message: object) -> None:
    try:
        JobMessage.decode(message)
    except MessageError:
        return


@pytest.mark.parametrize("data", [{"x": [1e15] * 3000}, {"é" * 3000: "\U0001f600" * 2000}, {"": "\x7f" * 3000}])
def test_data_of_an_answer_that_surely_fits_is_never_too_large_at_the_worst(data: dict[str, Any]) -> None:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("1000000000000000.0", "1e15")
    assert json.loads(text) == data
    assert surely_fits(MAX_DATA_BYTES // 6)
    assert not surely_fits(MAX_DATA_BYTES // 6 + 1)
    assert len(data_text(data)) <= 6 * len(text.encode())


@given(data=OBJECTS)
def test_data_grows_at_most_sixfold_on_its_way_to_a_worker(data: dict[str, Any]) -> None:
    for text in (json.dumps(data, ensure_ascii=False, separators=(",", ":")), json.dumps(data)):
        encoded = text.encode(errors="replace")
        assert len(data_text(json.loads(encoded))) <= 6 * len(encoded)
