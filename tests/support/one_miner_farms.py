"""Farms of one miner whose server bans, pays and rejects, as the test says."""

from __future__ import annotations

import random
from decimal import Decimal

from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.answers import Receipt
from fleet.domain.calls import Answer, Call, CallKind, Reply
from fleet.domain.jobs import MinerSpec
from fleet.domain.saved_state import OpenSession, SavedMiner
from fleet.errors import Banned, CallError
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor

PAID, NOTHING = Receipt(accepted=True, reward=Decimal(1)), Receipt(accepted=True, reward=Decimal(0))
REJECTED = Receipt(accepted=False, reward=Decimal(0), error="Invalid result format")


def farm(name: str, *, left_open: bool = False) -> Farm:
    """A farm of one miner, whose session an earlier coordinator may have left open."""
    session = OpenSession(session_id="s", completed=0) if left_open else None
    governor = Governor(requests=100, window_s=60.0, miners=1, heartbeat_s=30.0)
    miner = Miner(MinerSpec(miner_id=name), Policy(), SavedMiner(session=session), random.Random(1), 0.0)
    auto = AutoMiners([miner], governor, pinned=[name], heartbeat_s=30.0, now=0.0, follows=False)
    return Farm([miner], governor, lambda _: None, max_calls=8, max_at_workers=8, now=0.0, auto=auto)


def bans(of: Farm, now: float) -> None:
    """The server bans the farm's address."""
    (miner,) = of.miners.values()
    refused = Reply(call=Call(kind=CallKind.FETCH, spec=miner.spec), outcome=Banned("no"), sent_at=now, answered_at=now)
    of.server.ended(refused, now, waits=True)


def answers(of: Farm, now: float, *, reward: int = 1) -> None:
    """The server pays for a job."""
    (miner,) = of.miners.values()
    call = Call(kind=CallKind.SUBMIT, spec=miner.spec)
    receipt = Receipt(accepted=True, reward=Decimal(reward))
    of.server.ended(Reply(call=call, outcome=receipt, sent_at=now, answered_at=now), now, waits=False)


def stands_by(of: Farm) -> bool:
    """Whether the farm keeps its sessions closed, since it mines at another server."""
    assert of.auto is not None
    return of.auto.standing_by


def reply(outcome: Answer | CallError, now: float, *, kind: CallKind = CallKind.SUBMIT, error: bool = False) -> Reply:
    """The end of a call; with `error` of a submission that says that no host could compute the job."""
    result = {"error": "no host could compute it"} if error else {"results_hash": "x"}
    call = Call(kind=kind, spec=MinerSpec(miner_id="a"), result=result if kind is CallKind.SUBMIT else {})
    return Reply(call=call, outcome=outcome, sent_at=now, answered_at=now)


def rejects(of: Farm, outcome: Receipt, since: float, until: float) -> None:
    """The server answers a submission like this once a second."""
    for second in range(int(since), int(until) + 1):
        of.server.ended(reply(outcome, float(second)), float(second), waits=False)
