"""Every call ends in a reply, whatever its answer holds and whatever goes wrong on its way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from fleet.domain.answers import HeartbeatAnswer, Receipt
from fleet.domain.calls import Answer, Call, CallKind
from fleet.domain.jobs import Job, MinerSpec
from fleet.domain.proof import Exchange
from fleet.errors import CallError, Garbled, OutcomeUnknown, Unsendable
from fleet.server.client import Client
from fleet.server.http.interface import Request, Response

SPEC = MinerSpec(miner_id="rig-1")
TASK = {"task_id": "j1", "task_type": "inference", "data": {}, "reward": 0.5, "timeout_seconds": 60}
#: whole answers of the calls that state amounts
ANSWERS: dict[CallKind, dict[str, Any]] = {
    CallKind.REGISTER: {"success": False, "error": "Already registered", "contributor": {"total_rewards": 1.5}},
    CallKind.START_SESSION: {"success": True, "session_id": "s1", "initial_task": TASK},
    CallKind.FETCH: TASK,
    CallKind.SUBMIT: {"success": True, "reward": 0.5, "total_rewards": 1.5},
    CallKind.HEARTBEAT: {"status": "active", "reward": 0.1, "rewards_earned": 1.5, "total_rewards": 2.0},
    CallKind.STOP_SESSION: {"summary": {"tasks_completed": 1, "rewards_earned": 1.5}},
    CallKind.TOTALS: {"contributor": {"total_rewards": 1.5}},
}
#: integers that no float holds; the longest is the longest that Python reads
HUGE = [10**309, 10**310 - 1, 10**4299]


class Line:
    """A transport on which every request is answered alike, or breaks."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.sent: list[Request] = []
        self._answer = answer

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        return Response(status=200, body=self._answer)


def performed(line: Line, kind: CallKind, **fields: Any) -> tuple[Answer | CallError, Exchange]:
    call = Call(kind=kind, spec=SPEC, session_id="s1", job_id="j1", **fields)
    return asyncio.run(Client("http://farm", line).perform(call))


def with_number(value: Any, name: str, number: int) -> Any:
    """A copy of an answer in which every field of that name holds `number`."""
    if not isinstance(value, dict):
        return value
    return {key: number if key == name else with_number(inner, name, number) for key, inner in value.items()}


@pytest.mark.parametrize("number", HUGE, ids=["310 digits", "310 nines", "4,300 digits"])
@pytest.mark.parametrize("name", ["reward", "total_rewards", "rewards_earned", "timeout_seconds"])
@pytest.mark.parametrize("kind", CallKind)
def test_an_integer_that_no_float_holds_is_answered(kind: CallKind, name: str, number: int) -> None:
    body = json.dumps(with_number(ANSWERS[kind], name, number)).encode()
    outcome, _ = performed(Line(body), kind)
    stated = str(number) in body.decode()
    without = {CallKind.REGISTER, CallKind.FETCH, CallKind.START_SESSION, CallKind.STOP_SESSION}
    tolerated = kind in without or not stated
    assert isinstance(outcome, Garbled) is not tolerated
    if isinstance(outcome, Job):
        assert outcome.timeout_s == 60.0
        assert (outcome.reward == 0, bool(outcome.oddity)) == (name == "reward",) * 2


@pytest.mark.parametrize("name", ["neo_transfer_fee", "token_transfer_fee", "miner_load", "replit_load"])
def test_a_network_figure_that_no_float_holds_is_unknown(name: str) -> None:
    client = Client("http://farm", Line(json.dumps({name: 10**400}).encode()))
    gas, phase = asyncio.run(client.gas()), asyncio.run(client.network())
    figures = (gas.neo_transfer_fee, gas.token_transfer_fee, phase.miner_load, phase.server_load)
    assert figures == (None,) * 4


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_result_that_is_no_json_is_not_sent_and_said_so(number: float) -> None:
    line = Line(b"{}")
    outcome, exchange = performed(line, CallKind.SUBMIT, result={"results_hash": number})
    assert type(outcome) is Unsendable
    assert "JSON" in str(outcome)
    assert (line.sent, exchange) == ([], Exchange(requests=0))


def test_what_breaks_before_anything_is_sent_is_no_lost_answer() -> None:
    outcome, _ = performed(Line(b"{}"), CallKind.SUBMIT, result={"results_hash": object()})
    assert type(outcome) is Unsendable
    assert not isinstance(outcome, OutcomeUnknown)


@pytest.mark.parametrize("kind", CallKind)
def test_what_nobody_thought_of_leaves_the_outcome_unknown_and_is_named(kind: CallKind) -> None:
    outcome, exchange = performed(Line(RuntimeError("the answer's moon is blue")), kind)
    assert type(outcome) is Garbled
    assert "RuntimeError" in str(outcome)
    assert "blue" in str(outcome)
    assert exchange.requests == 1


@pytest.mark.parametrize("ask", [Client.gas, Client.network])
def test_fees_that_nobody_thought_of_are_a_call_error(ask: Callable[[Client], Any]) -> None:
    with pytest.raises(Garbled, match="RuntimeError"):
        asyncio.run(ask(Client("http://farm", Line(RuntimeError("blue")))))


@pytest.mark.parametrize("kind", [CallKind.SUBMIT, CallKind.HEARTBEAT])
def test_an_infinity_beside_the_money_spoils_no_answer(kind: CallKind) -> None:
    body = json.dumps(ANSWERS[kind])[:-1] + ', "balance": 1e400}'
    outcome, _ = performed(Line(body.encode()), kind)
    assert isinstance(outcome, Receipt | HeartbeatAnswer)
