"""A miner whose calls bring nothing can't take more of the server's limit than its share, at the others' cost (I8)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from fleet.domain.amounts import ZERO
from fleet.domain.answers import Receipt
from fleet.domain.calls import Answer, Call, CallKind
from fleet.errors import CallError, JobUnknown, NotRegistered, Refused, ServerFault, SessionLost
from fleet.ratelimit.share import Share
from tests.support.scripted import Minute, ScriptedFarm

MINERS = 100
#: in a minute, of which 200 are heartbeats
LIMIT = 1000
DENIED = {f"rig-{number}" for number in range(0, MINERS, 3)}
#: in the first minute only a few miners open, since the limit is unknown
WARM_UP, MINUTES = 3, 3


def paid(minutes: list[Minute]) -> int:
    """Payments of those whom the server denies nothing."""
    return sum(count for minute in minutes[WARM_UP:] for miner, count in minute.paid.items() if miner not in DENIED)


@cache
def sound() -> int:
    """What the others are paid where nobody is denied anything."""
    return paid(ScriptedFarm(lambda _: None, miners=MINERS, requests=LIMIT).run(WARM_UP + MINUTES))


def others(deny: Callable[[Call], Answer | CallError | None]) -> float:
    """The pace of the others, as a share of what it is where nobody is denied anything."""
    troubled = ScriptedFarm(
        lambda call: deny(call) if call.spec.miner_id in DENIED else None, miners=MINERS, requests=LIMIT
    )
    return paid(troubled.run(WARM_UP + MINUTES)) / sound()


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        pytest.param(CallKind.SUBMIT, SessionLost("No active session"), id="no session at submission"),
        pytest.param(CallKind.SUBMIT, NotRegistered("not registered"), id="not registered at submission"),
        pytest.param(CallKind.SUBMIT, JobUnknown("Task not found"), id="no such job at submission"),
        pytest.param(CallKind.SUBMIT, Refused(403, "no"), id="every result refused"),
        pytest.param(CallKind.SUBMIT, Receipt(accepted=False, reward=ZERO, error="no"), id="every result invalid"),
        pytest.param(CallKind.START_SESSION, NotRegistered("not registered"), id="no session"),
        pytest.param(CallKind.FETCH, SessionLost("No active session"), id="no session at a fetch"),
        pytest.param(CallKind.SUBMIT, ServerFault(500, "crash"), id="a crash at submission"),
    ],
)
def test_the_others_keep_their_pace(kind: CallKind, answer: Answer | CallError) -> None:
    assert others(lambda call: answer if call.kind is kind else None) >= 0.95


def test_a_share_is_what_a_window_gives_each_miner() -> None:
    share = Share()
    for second in range(10):
        assert share.free_at(10, 60.0, float(second)) <= second
        share.called(float(second))
    assert share.free_at(10, 60.0, 10.0) == 60.0, "when the first of them is outside the window"
    assert share.free_at(11, 60.0, 10.0) <= 10.0, "a larger limit gives more"
    share.called(60.0)
    assert share.free_at(10, 60.0, 60.0) == 61.0
    share.rewarded()
    assert share.free_at(10, 60.0, 60.0) <= 60.0
