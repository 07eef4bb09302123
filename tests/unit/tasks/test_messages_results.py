"""Results on the wire: what crosses it unchanged, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import MessageError
from tasks.messages import (
    MAX_RESULT_BYTES,
    Outcome,
    ResultMessage,
    encode_computed,
    parse_stream_fields,
    stream_fields,
    task_id,
)
from tasks.wire_versions import WIRE_VERSION
from tests.support.any_json import JSON, OBJECTS

COMPUTED: dict[str, Any] = {"v": WIRE_VERSION, "result": {"output_hash": "ab"}, "kernel": "7", "ms": 1.5}


def entry(body: object = None, **fields: str) -> dict[bytes, bytes]:
    """A stream entry as redis-py hands it over."""
    text = {"task": "j-1", "state": "SUCCESS", "worker": "worker@garage", "body": json.dumps(body or COMPUTED)}
    return {name.encode(): value.encode() for name, value in (text | fields).items()}


@given(result=OBJECTS, ms=st.floats(0, 1e8), attempt=st.integers(1, 9))
def test_a_computed_result_crosses_the_wire_unchanged(result: dict[str, Any], ms: float, attempt: int) -> None:
    body = encode_computed(result=result, kernel_version="7", compute_ms=ms)
    fields = stream_fields(task=task_id("j-1", attempt), state="SUCCESS", worker="worker@garage", body=body)
    message = parse_stream_fields({name.encode(): value.encode() for name, value in fields.items()})
    assert message == ResultMessage(
        job_id="j-1",
        attempt=attempt,
        outcome=Outcome.COMPUTED,
        result=result,
        worker="worker@garage",
        kernel_version="7",
        compute_ms=round(ms, 3),
    )


@pytest.mark.parametrize(
    ("exception", "outcome"),
    [
        ("PayloadError", Outcome.REFUSED),
        ("UnknownJobTypeError", Outcome.REFUSED),
        ("MessageError", Outcome.REFUSED),
        ("TimeLimitExceeded", Outcome.TIME_LIMIT),
        ("SoftTimeLimitExceeded", Outcome.TIME_LIMIT),
        ("WorkerLostError", Outcome.WORKER_LOST),
        ("Terminated", Outcome.WORKER_LOST),
        ("ZeroDivisionError", Outcome.FAILED),
        ("", Outcome.FAILED),
    ],
)
def test_a_failure_says_how_the_attempt_ended_and_why(exception: str, outcome: Outcome) -> None:
    fields = entry({"exc_type": exception, "exc_message": ["so", 7]}, task="j-1~3", state="FAILURE")
    message = parse_stream_fields(fields)
    assert (message.job_id, message.attempt, message.outcome) == ("j-1", 3, outcome)
    assert message.error == f"{exception}: so, 7"
    assert message.result == {}


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\x1b[2J", "a\nb"])
def test_text_from_a_worker_holds_nothing_that_a_terminal_or_a_database_chokes_on(text: str) -> None:
    failed = parse_stream_fields(entry({"exc_type": text, "exc_message": [text]}, state="FAILURE"))
    computed = parse_stream_fields(entry(COMPUTED | {"kernel": text}, worker="w\x1b"))
    for shown in (failed.error, computed.kernel_version, computed.worker):
        assert shown.isprintable()
        assert shown.encode().count(b"?") >= 1


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE"])
def test_a_result_nested_too_deeply_to_be_written_out_again_is_refused(state: str) -> None:
    for levels, refused in ((30, False), (40, True), (400, True)):
        deep = "[" * levels + "]" * levels
        body = f'{{"v": {WIRE_VERSION}, "kernel": "7", "ms": 1, "result": {{"a": {deep}}}, "exc_message": {deep}}}'
        try:
            parse_stream_fields(entry(state=state) | {b"body": body.encode()})
        except MessageError:
            assert refused
        else:
            assert not refused


def test_an_error_text_is_cut_to_what_a_ledger_row_can_hold() -> None:
    message = parse_stream_fields(entry({"exc_type": "E", "exc_message": "x" * 5_000}, state="FAILURE"))
    assert len(message.error) == 300


def test_an_oversized_result_leaves_the_worker_as_a_refusal_that_states_its_size() -> None:
    body = encode_computed(result={"output_hash": "x" * MAX_RESULT_BYTES}, kernel_version="7", compute_ms=1.0)
    fields = stream_fields(task="j-1", state="SUCCESS", worker="w", body=body)
    message = parse_stream_fields({name.encode(): value.encode() for name, value in fields.items()})
    assert message.outcome is Outcome.REFUSED
    assert "over the bound" in message.error


def test_an_oversized_entry_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(MessageError, match=f"over {MAX_RESULT_BYTES} bytes"):
        parse_stream_fields(entry() | {b"body": b"[" * (MAX_RESULT_BYTES + 1)})


@pytest.mark.parametrize("version", [None, 0, 1, WIRE_VERSION + 1, "2"])
def test_a_result_of_another_wire_version_is_refused_and_names_the_worker(version: object) -> None:
    with pytest.raises(MessageError, match=r"worker@garage speaks wire version .*, not 2"):
        parse_stream_fields(entry(COMPUTED | {"v": version}))


@pytest.mark.parametrize(
    "body",
    [
        COMPUTED | {"result": []},
        COMPUTED | {"result": None},
        COMPUTED | {"kernel": 7},
        COMPUTED | {"ms": "1"},
        COMPUTED | {"ms": True},
        COMPUTED | {"ms": -1},
        COMPUTED | {"ms": 1e300},
        COMPUTED | {"ms": None},
        [COMPUTED],
        "text",
        7,
    ],
)
def test_a_result_with_a_field_of_another_type_is_refused(body: object) -> None:
    with pytest.raises(MessageError):
        parse_stream_fields(entry(body))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"v": NaN}',
        '{"v": 2, "ms": Infinity}',
        "[" * 30_000,
        '{"v": ' + "9" * 5_000 + "}",
        '{"v": 2, "result": {}, "kernel": "7", "ms": 1e999}',
        '{"v": 2, "result": {}, "kernel": "7", "ms": ' + "9" * 400 + "}",
    ],
)
def test_a_body_that_is_no_proper_json_is_refused(text: str) -> None:
    with pytest.raises(MessageError):
        parse_stream_fields(entry(body=None) | {b"body": text.encode()})


@pytest.mark.parametrize("name", [b"task", b"state", b"body"])
def test_an_entry_without_one_of_its_fields_is_refused(name: bytes) -> None:
    with pytest.raises(MessageError):
        parse_stream_fields({key: value for key, value in entry().items() if key != name})


@given(st.dictionaries(st.sampled_from([b"task", b"state", b"worker", b"body", b"more"]), st.binary(max_size=60)))
def test_whatever_bytes_are_on_the_stream_they_are_a_result_or_refused(fields: dict[bytes, bytes]) -> None:
    try:
        parse_stream_fields(fields)
    except MessageError:
        return


@given(
    body=JSON | OBJECTS | st.fixed_dictionaries(dict.fromkeys(COMPUTED, JSON)), state=st.sampled_from(["SUCCESS", "X"])
)
def test_whatever_json_is_in_a_body_it_is_a_result_or_refused(body: object, state: str) -> None:
    try:
        parse_stream_fields(entry(state=state) | {b"body": json.dumps(body).encode()})
    except MessageError:
        return
