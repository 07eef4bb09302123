"""Amounts that a server states: which are believed, and what becomes of their answers."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.answers import HeartbeatAnswer, Registration, SessionStart
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.effects import Booked, Effect, JobMoved, Notice, NoticeKind
from fleet.domain.events import ResultArrived
from fleet.domain.jobs import Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.errors import CallError, Garbled, JobCompleted
from fleet.miner.miner import Miner
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy
from fleet.server import protocol
from fleet.server.client import Client
from fleet.server.http.interface import Request, Response
from tasks.messages import Outcome, ResultMessage

SPEC = MinerSpec(miner_id="rig-1")
ABSURD = [-1, -1e-9, 1e15, 1e308, 10**30]
#: what a busy miner is paid in some months; the network's supply is about 50 million
LARGE = 2_500_000.25

FIELDS: list[tuple[str, Callable[[Any], object]]] = [
    ("reward", lambda value: protocol.parse_receipt({"success": True, "reward": value})),
    ("total_rewards", lambda value: protocol.parse_receipt({"success": True, "reward": 1, "total_rewards": value})),
    ("reward", lambda value: protocol.parse_heartbeat({"status": "active", "reward": value})),
    ("rewards_earned", lambda value: protocol.parse_heartbeat({"status": "active", "rewards_earned": value})),
    ("total_rewards", lambda value: protocol.parse_heartbeat({"status": "active", "total_rewards": value})),
    ("total_rewards", lambda value: protocol.parse_totals({"contributor": {"total_rewards": value}})),
]


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize(("name", "parse"), FIELDS)
def test_an_absurd_amount_is_garbled_and_the_error_names_field_value_and_bound(
    name: str, parse: Callable[[Any], object], value: float
) -> None:
    with pytest.raises(Garbled) as caught:
        parse(value)
    most = 1_000_000 if name == "reward" else 1_000_000_000
    assert str(caught.value) == f"{name} {value!r} is not within 0 and {most} NNET"


@pytest.mark.parametrize("value", ABSURD)
def test_an_absurd_sum_at_a_stop_is_left_out_with_its_cause(value: float) -> None:
    stated = protocol.parse_session_summary({"summary": {"rewards_earned": value}})
    assert stated.rewards_earned is None
    assert stated.oddity == (
        f"the session's sum is not stated: rewards_earned {value!r} is not within 0 and 1000000000 NNET"
    )


def test_a_sum_at_a_stop_may_be_larger_than_any_reward() -> None:
    stated = protocol.parse_session_summary({"summary": {"rewards_earned": LARGE}})
    assert stated.rewards_earned == Decimal(str(LARGE))


@pytest.mark.parametrize(("name", "parse"), [field for field in FIELDS if field[0] != "reward"])
def test_a_sum_may_be_larger_than_any_reward(name: str, parse: Callable[[Any], object]) -> None:
    assert name in repr(parse(LARGE))


class Line:
    """A transport on which every request is answered alike, with this status."""

    def __init__(self, answer: dict[str, Any], *statuses: int) -> None:
        self._body = json.dumps(answer).encode()
        self._statuses = list(statuses)

    async def send(self, _request: Request) -> Response:
        return Response(status=self._statuses.pop(0) if self._statuses else 200, body=self._body)


class Script:
    """One miner whose calls are answered by hand or by the bytes of a server."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.miner = Miner(SPEC, Policy(), SavedMiner(), random.Random(1), self.now)
        self.effects: list[Effect] = []

    def mining(self) -> Script:
        self.answer(self.begin(CallKind.REGISTER), Registration(new=True))
        self.answer(self.begin(CallKind.START_SESSION), SessionStart(session_id="s1", adopted=False, initial_job=None))
        return self

    def begin(self, kind: CallKind) -> Call:
        begun = self.miner.begin(self.now)
        assert begun is not None
        self.effects += begun[1]
        assert begun[0].kind is kind
        return begun[0]

    def answer(self, call: Call, outcome: Answer | CallError) -> None:
        reply = Reply(call=call, outcome=outcome, sent_at=self.now, answered_at=self.now)
        self.effects += self.miner.on(reply, self.now, lambda _job_id: None)

    def served(self, kind: CallKind, answer: dict[str, Any], *statuses: int) -> Answer | CallError:
        call = self.begin(kind)
        outcome, _ = asyncio.run(Client("http://farm", Line(answer, *statuses)).perform(call))
        self.answer(call, outcome)
        return outcome

    def booked(self) -> list[tuple[EntryKind, Decimal, bool]]:
        entries = [effect.entry for effect in self.effects if isinstance(effect, Booked)]
        return [(entry.kind, entry.amount, entry.confirmed) for entry in entries]

    def odd(self) -> list[str]:
        return [e.text for e in self.effects if isinstance(e, Notice) and e.kind is NoticeKind.ANOMALY]


@pytest.mark.parametrize(
    "receipt", [{"reward": -1}, {"reward": 0.3, "total_rewards": -1}, {"reward": 0.3, "total_rewards": 1e308}]
)
def test_a_job_that_was_paid_is_settled_once_whatever_its_receipt_says(receipt: dict[str, Any]) -> None:
    script = Script().mining()
    job = Job(
        job_id="j1",
        job_type="data_validation",
        data={},
        reward=Decimal("0.3"),
        origin=JobOrigin.FETCHED,
        timeout_s=60.0,
    )
    script.answer(script.begin(CallKind.FETCH), job)
    message = ResultMessage(job_id="j1", attempt=1, outcome=Outcome.COMPUTED, result={"integrity_score": 1.0})
    script.effects += script.miner.on(ResultArrived(message=message, flaw=""), script.now)
    assert isinstance(script.served(CallKind.SUBMIT, {"success": True} | receipt), Garbled)
    script.now += 20
    again = script.served(CallKind.SUBMIT, {"detail": "Task already completed"}, 400)
    assert isinstance(again, JobCompleted)
    assert script.booked() == [(EntryKind.JOB, Decimal("0.3"), False)]
    states = [effect.state for effect in script.effects if isinstance(effect, JobMoved)]
    assert states[-1] is JobState.ALREADY_COMPLETED
    assert script.miner.account.stated_total == ZERO


@pytest.mark.parametrize("total", ABSURD)
def test_a_known_miner_registers_though_its_total_is_absurd(total: float) -> None:
    """Refused, it could never register: the server states the same total each time."""
    script = Script()
    known = {"success": False, "error": "Already registered", "contributor": {"total_rewards": total}}
    assert isinstance(script.served(CallKind.REGISTER, known), Registration)
    assert script.miner.phase is Phase.REGISTERED
    assert script.odd() == [f"total_rewards {total!r} is not within 0 and 1000000000 NNET"]
    assert script.miner.account.base_total is None


def test_an_absurd_total_of_a_repeated_registration_is_named() -> None:
    known = {"success": False, "error": "Already registered", "contributor": {"total_rewards": -1}}
    client = Client("http://farm", Line(known, 500))
    outcome, exchange = asyncio.run(client.perform(Call(kind=CallKind.TOTALS, spec=SPEC)))
    assert isinstance(outcome, Garbled)
    assert str(outcome) == "total_rewards -1 is not within 0 and 1000000000 NNET"
    assert exchange.requests == 2


def test_a_sum_that_jumps_beyond_any_reward_is_said_and_not_booked() -> None:
    script = Script().mining()
    for rewards_earned in ("0.5", "2000000.5", "2000000.75"):
        script.now += 30
        script.answer(script.begin(CallKind.HEARTBEAT), HeartbeatAnswer(rewards_earned=Decimal(rewards_earned)))
    assert script.booked() == [
        (EntryKind.HEARTBEAT, Decimal("0.5"), True),
        (EntryKind.HEARTBEAT, Decimal("0.25"), True),
    ]
    words = "rewards_earned rose by 2000000.0 NNET beyond the session's jobs, which is not believed"
    assert script.odd() == [words]
