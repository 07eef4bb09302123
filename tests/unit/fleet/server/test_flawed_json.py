"""What JSON has no room for, anywhere inside a job's data, costs that job and never its miner."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.domain.answers import Receipt
from fleet.domain.calls import CallKind
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved
from fleet.domain.jobs import Job, JobOrigin, JobState
from fleet.domain.saved_state import OpenJob, SavedMiner
from fleet.errors import Garbled
from fleet.server import flawed_json, protocol
from fleet.server.flawed_json import Flaw, flaw_of
from tasks.data_size import MAX_DATA_BYTES
from tests.support.miner_script import Script

#: values as they stand in an answer, and what the job is said to hold
FLAWS = {
    "NaN": "data holds NaN",
    "Infinity": "data holds Infinity",
    "-Infinity": "data holds -Infinity",
    "1e400": "data holds a number that no float holds",
    "7" * 5000: "data holds an integer of 5000 digits",
    '"\udcff"': "data holds bytes that are not UTF-8",
    '{"\udc80": 1}': "data holds bytes that are not UTF-8",
    "[" * 17 + "]" * 17: "data is nested more than 16 deep",
    "[" * 100_000 + "]" * 100_000: "data is nested more than 16 deep",
    '{"a":' * 100_000 + "1" + "}" * 100_000: "data is nested more than 16 deep",
}
NAMES = [f"{flaw[:12]!a}" for flaw in FLAWS]
PLACES = ['{"size": %s}', '{"size": 8, "more": [1, {"x": [%s]}]}']


def task(data: str) -> str:
    return f'{{"task_id": "t-1", "task_type": "data_hash", "data": {data}, "reward": 0.5}}'


def ordinary(job_id: str) -> Job:
    return Job(job_id=job_id, job_type="data_hash", data={}, reward=Decimal(1), origin=JobOrigin.FETCHED, timeout_s=60)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("flaw", "said"), FLAWS.items(), ids=NAMES)
def test_a_fetched_job_with_a_flaw_is_a_job_with_a_problem(flaw: str, said: str, place: str) -> None:
    job = protocol.parse_fetched(encoded(task(place % flaw)), "rig-1")
    assert (job.job_id, job.problem, job.data) == ("t-1", said, {})
    assert job.reward == Decimal("0.5")


@pytest.mark.parametrize(("flaw", "said"), FLAWS.items(), ids=NAMES)
def test_a_free_job_with_a_flaw_spoils_nothing_of_the_answer_that_brings_it(flaw: str, said: str) -> None:
    job = task(f'{{"size": {flaw}}}')
    beat = protocol.parse_object(encoded(f'{{"status": "active", "reward": 0.25, "next_task": {job}}}'), "next_task")
    beaten = protocol.parse_heartbeat(beat)
    start = protocol.parse_object(
        encoded(f'{{"success": true, "session_id": "s-1", "initial_task": {job}}}'), "initial_task"
    )
    started = protocol.parse_session_start(start)
    assert (beaten.reward, started.session_id) == (Decimal("0.25"), "s-1")
    for given_job in (beaten.next_job, started.initial_job):
        assert given_job is not None
        assert (given_job.problem, given_job.data) == (said, {})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "7" * 5000])
def test_a_flaw_beside_the_job_is_the_answers(number: str) -> None:
    body = f'{{"status": "active", "reward": {number}, "next_task": {task("{}")}}}'.encode()
    with pytest.raises(Garbled):
        protocol.parse_object(body, "next_task")


@pytest.mark.parametrize(
    "body", [b'{"status": "active", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"a": NaN}']
)
@pytest.mark.parametrize("apart", ["", "next_task"])
def test_an_answer_without_a_job_is_read_as_strictly_as_ever(body: bytes, apart: str) -> None:
    with pytest.raises(Garbled):
        protocol.parse_object(body, apart)


def test_a_miner_is_registered_though_its_totals_are_no_number() -> None:
    body = b'{"success": false, "error": "Already registered", "contributor": {"total_rewards": NaN}}'
    registration = protocol.parse_registration(protocol.parse_object(body, "contributor"))
    assert registration.totals is None
    assert registration.oddity == "total_rewards NaN is not an amount of NNET"


@pytest.mark.parametrize("flaw", FLAWS, ids=NAMES)
def test_the_miner_moves_on_to_the_next_job(flaw: str) -> None:
    script = Script().mining()
    for _ in range(2):
        assert not script.dispatches()
        script.call(CallKind.FETCH, protocol.parse_fetched(encoded(task(f'{{"size": {flaw}}}')), "rig-1"))
    refusal = script.begin(CallKind.SUBMIT)
    assert set(refusal.result) == {"error"}
    json.dumps(refusal.result, allow_nan=False).encode()
    script.answer(refusal, Receipt(accepted=False, reward=Decimal(0), error="Invalid result format"))
    assert script.last_state("t-1") is JobState.REJECTED
    assert not any(isinstance(effect, JobMoved) and effect.mended for effect in script.effects)
    script.call(CallKind.FETCH, ordinary("t-2"))
    assert [order.message.job_id for order in script.dispatches()] == ["t-2"]


@pytest.mark.parametrize(
    ("value", "size"), [("x" * 300_000, 300_008), ("é" * 45_000, 270_008), ('"' * 140_000, 280_008)], ids=repr
)
def test_a_job_too_large_for_a_worker_is_refused_at_once_and_its_miner_moves_on(value: str, size: int) -> None:
    script = Script().mining()
    large = protocol.parse_fetched(task(json.dumps({"x": value}, ensure_ascii=False)).encode(), "rig-1")
    assert large.data == {}
    script.call(CallKind.FETCH, large)
    refusal = script.begin(CallKind.SUBMIT)
    assert refusal.result == {"error": f"data of {size} bytes, at most {MAX_DATA_BYTES} are sent to a worker"}
    script.answer(refusal, Receipt(accepted=False, reward=Decimal(0), error="Invalid result format"))
    end = [effect for effect in script.effects if isinstance(effect, JobMoved)][-1]
    assert (end.state, end.loss) == (JobState.REJECTED, Loss.PAYLOAD)
    script.call(CallKind.FETCH, ordinary("t-2"))
    assert [order.message.job_id for order in script.dispatches()] == ["t-2"]


def test_a_job_as_large_as_a_worker_may_be_sent_is_sent() -> None:
    data = {"x": "x" * (MAX_DATA_BYTES - len('{"x":""}'))}
    assert protocol.parse_fetched(task(json.dumps(data)).encode(), "rig-1").problem == ""


def test_a_job_too_large_that_an_earlier_release_left_open_is_refused() -> None:
    left = OpenJob(
        job=replace(ordinary("t-1"), data={"x": "x" * 300_000}),
        miner_id="rig-1",
        session_id="s1",
        state=JobState.DISPATCHED,
        attempt=38,
        strikes=0,
        sends=0,
        mended=False,
        result=None,
    )
    script = Script(SavedMiner(open_jobs=(left,)))
    script.waited(3.0)
    assert script.dispatches() == []
    (moved,) = [effect for effect in script.effects if isinstance(effect, JobMoved)]
    assert (moved.state, moved.loss) == (JobState.COMPUTED, Loss.PAYLOAD)
    assert moved.result == {"error": f"data of 300008 bytes, at most {MAX_DATA_BYTES} are sent to a worker"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(value=JSON)
def test_what_has_no_flaw_is_read_as_it_is(value: Any) -> None:
    text = json.dumps(value)
    assert flawed_json.read(text.encode()) == json.loads(text)


@pytest.mark.parametrize("escaped", [r"\ud800", r"\udfff", "ü", r"\ud83d\ude00"])
def test_a_lone_surrogate_that_is_escaped_is_no_flaw(escaped: str) -> None:
    data = f'{{"model_id": "{escaped}", "{escaped}": [{{"x": "{escaped}"}}]}}'
    job = protocol.parse_fetched(task(data).encode(), "rig-1")
    assert (job.data, job.problem) == (json.loads(data), "")


@pytest.mark.parametrize("levels", [1, 63, 64, 65, 66, 5000])
def test_only_what_is_nested_too_deep_is_left_out(levels: int) -> None:
    inner = flawed_json.read(f'{{"a": 1, "b": {"[" * levels}"]["{"]" * levels}, "c": [2]}}'.encode())
    assert (inner["a"], inner["c"]) == (1, [2])


@pytest.mark.parametrize("text", ['{"a": [', '{"a": NaN', "NaN]", '{"a": 1}}', '["\\"]'])
def test_cut_text_is_no_json(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        flawed_json.read(text.encode())


def test_a_flaw_is_named_as_it_stood() -> None:
    assert repr(flawed_json.read(b"[NaN, -Infinity]")) == "[NaN, -Infinity]"
    assert flaw_of({"a": [1, {"b": Flaw("NaN")}]}) == "NaN"
