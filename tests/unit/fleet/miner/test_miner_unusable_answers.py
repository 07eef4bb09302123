"""Answers of which a part can't be used: what else they say counts, and the rest is said to the operator."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fleet.domain.answers import HeartbeatAnswer, SessionSummary
from fleet.domain.calls import Call, CallKind
from fleet.domain.effects import Notice, NoticeKind, SessionClosed
from fleet.domain.events import DrainBegun
from fleet.errors import Garbled
from fleet.server.client import Client
from fleet.server.http.interface import Request, Response
from tests.support.miner_script import Script
from tests.support.scripted import job


class Line:
    """A transport on which every request is answered alike."""

    def __init__(self, body: str) -> None:
        self._body = body.encode()

    async def send(self, request: Request) -> Response:  # noqa: ARG002 - the interface's name
        return Response(status=200, body=self._body)


def parsed(script: Script, kind: CallKind, body: str) -> Any:
    """What the client makes of an answer to the call that the miner wants now."""
    call = script.begin(kind)
    outcome, _ = asyncio.run(Client("http://farm", Line(body)).perform(call))
    script.answer(call, outcome)
    return outcome


def warnings(script: Script) -> list[str]:
    kinds = {NoticeKind.ANOMALY, NoticeKind.CALL_FAILED}
    return [effect.text for effect in script.effects if isinstance(effect, Notice) and effect.kind in kinds]


@pytest.mark.parametrize(
    "summary",
    [
        '{"tasks_completed": 3, "rewards_earned": "many"}',
        '{"tasks_completed": 3, "rewards_earned": -1}',
        '{"tasks_completed": 3, "rewards_earned": NaN}',
        '{"tasks_completed": 3, "rewards_earned": 1e400}',
        f'{{"tasks_completed": 3, "rewards_earned": {"9" * 5000}}}',
        "null",
        '"ended"',
    ],
    ids=["text", "negative", "NaN", "infinite", "5,000 digits", "no summary", "a text as summary"],
)
def test_a_session_is_over_although_its_sum_can_not_be_used(summary: str) -> None:
    script = Script().mining()
    script.miner.on(DrainBegun(), script.now)
    outcome = parsed(script, CallKind.STOP_SESSION, f'{{"success": true, "session_id": "s1", "summary": {summary}}}')
    assert isinstance(outcome, SessionSummary)
    assert outcome.rewards_earned is None
    assert [effect.cause for effect in script.effects if isinstance(effect, SessionClosed)] == ["stopped"]
    assert [text for text in warnings(script) if "the session's sum is not stated" in text]
    # the drain goes on at once
    assert script.begin(CallKind.TOTALS).kind is CallKind.TOTALS


def test_an_answer_that_says_nothing_of_a_stop_leaves_the_session_open() -> None:
    script = Script().mining()
    script.miner.on(DrainBegun(), script.now)
    assert isinstance(parsed(script, CallKind.STOP_SESSION, '{"message": "hello"}'), Garbled)
    assert not [effect for effect in script.effects if isinstance(effect, SessionClosed)]


def next_fetch(script: Script) -> Call:
    """The miner's next fetch, after it has waited and made its other calls; fails unless it comes within 2 minutes."""
    for _ in range(120):
        begun = script.miner.begin(script.now)
        if begun is None:
            script.waited(1.0)
        elif begun[0].kind is CallKind.FETCH:
            return begun[0]
        else:
            script.answer(begun[0], HeartbeatAnswer() if begun[0].kind is CallKind.HEARTBEAT else Garbled("no totals"))
    raise AssertionError("no fetch in two minutes")


@pytest.mark.parametrize("job_id", ["no good id!", "", None, 7, "x" * 129, {"id": 1}])
def test_a_job_id_that_can_not_be_used_is_said_each_time_and_the_next_usable_job_is_computed(job_id: object) -> None:
    script = Script().mining()
    task = json.dumps({"task_id": job_id, "task_type": "data_hash", "data": {}, "reward": 1})
    began_at = script.now
    for said in range(1, 20):
        call = next_fetch(script)
        outcome, _ = asyncio.run(Client("http://farm", Line(task)).perform(call))
        script.answer(call, outcome)
        assert len([text for text in warnings(script) if "no usable job id" in text]) == said
    assert script.now - began_at >= 60.0, "asked again as fast as it is answered"
    script.answer(next_fetch(script), job("j1"))
    assert [order.message.job_id for order in script.dispatches()] == ["j1"]
