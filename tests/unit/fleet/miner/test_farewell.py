"""A session of a miner that is closed while the farm mines on is stopped, however long the server is away."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.answers import SessionSummary, Totals
from fleet.domain.calls import CallKind
from fleet.domain.effects import SessionClosed
from fleet.domain.events import Closed, DrainBegun
from fleet.errors import Banned, CallError, NoAnswer, Refused, Unreachable
from fleet.miner.phase import Phase
from tests.support.miner_script import Script

AWAY = [Unreachable("refused"), NoAnswer("cut"), Banned("403: blocked")]


def failed(script: Script, error: CallError, times: int) -> None:
    """Let the stop of the session fail so often."""
    for _ in range(times):
        script.now += 600.0
        script.call(CallKind.STOP_SESSION, error)


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_the_stop_of_a_closed_miner_is_tried_until_the_server_is_back(error: CallError) -> None:
    script = Script().mining()
    script.miner.on(Closed(), script.now)
    failed(script, error, 20)
    assert script.miner.in_session
    script.now += 600.0
    script.call(CallKind.STOP_SESSION, SessionSummary(tasks_completed=0, rewards_earned=None))
    script.call(CallKind.TOTALS, Totals(total_rewards=Decimal(0)))
    assert script.miner.done
    assert [effect.cause for effect in script.effects if isinstance(effect, SessionClosed)] == ["stopped"]


def test_a_refusal_is_an_answer_so_the_stop_is_given_up_after_three() -> None:
    script = Script().mining()
    script.miner.on(Closed(), script.now)
    failed(script, Refused(400, "no"), 3)
    assert script.miner.phase is Phase.STOPPED


def test_the_drain_of_the_farm_gives_it_up_after_three_more() -> None:
    script = Script().mining()
    script.miner.on(Closed(), script.now)
    failed(script, NoAnswer("cut"), 5)
    script.miner.on(DrainBegun(), script.now)
    failed(script, NoAnswer("cut"), 3)
    assert script.miner.phase is Phase.STOPPED


def test_a_drain_gives_the_request_for_the_total_its_attempts_again() -> None:
    script = Script().mining()
    script.miner.on(Closed(), script.now)
    script.call(CallKind.STOP_SESSION, SessionSummary(tasks_completed=0, rewards_earned=None))
    script.call(CallKind.TOTALS, NoAnswer("cut"))
    script.miner.on(DrainBegun(), script.now)
    script.now += 600.0
    script.call(CallKind.TOTALS, NoAnswer("cut"))
    assert not script.miner.done
