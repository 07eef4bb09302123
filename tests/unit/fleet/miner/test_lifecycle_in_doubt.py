"""A session that was requested and not answered may be open: it is found and stopped before its miner rests."""

from __future__ import annotations

import pytest

from fleet.domain.amounts import ZERO
from fleet.domain.answers import Registration, SessionStart, SessionSummary, Totals
from fleet.domain.calls import CallKind
from fleet.domain.effects import Effect, SessionOpened
from fleet.domain.events import Closed, DrainBegun, DrainOver, Paused, WalletDue
from fleet.domain.saved_state import SavedMiner
from fleet.domain.session_effects import SessionDenied, SessionRequested
from fleet.errors import (
    Banned,
    CallError,
    Garbled,
    NoAnswer,
    NotRegistered,
    RateLimited,
    Refused,
    ServerFault,
    Unreachable,
)
from fleet.miner.phase import Phase
from tests.support.miner_script import Script

REQUESTED, DENIED = SessionRequested(miner_id="rig-1"), SessionDenied(miner_id="rig-1")
MAY_BE_OPEN = [NoAnswer("cut"), ServerFault(500, "Internal Server Error"), Garbled("no JSON")]
CERTAIN = [Unreachable("refused"), RateLimited(), Refused(400, "no"), Banned("403: blocked")]


def registered(saved: SavedMiner | None = None) -> Script:
    script = Script(saved)
    script.call(CallKind.REGISTER, Registration(new=True))
    return script


def in_doubt() -> Script:
    script = registered()
    script.call(CallKind.START_SESSION, NoAnswer("cut"))
    script.now += 60.0
    return script


def rows(script: Script) -> list[Effect]:
    kinds = SessionRequested | SessionDenied | SessionOpened
    return [effect for effect in script.effects if isinstance(effect, kinds)]


def session(script: Script, session_id: str = "s1") -> None:
    script.call(CallKind.START_SESSION, SessionStart(session_id=session_id, adopted=True, initial_job=None))


def test_a_session_is_requested_only_after_the_row_that_says_so() -> None:
    script = registered()
    script.begin(CallKind.START_SESSION)
    assert rows(script) == [REQUESTED]


@pytest.mark.parametrize("error", MAY_BE_OPEN, ids=repr)
def test_a_request_without_an_answer_is_repeated_without_another_row_until_the_session_is_known(
    error: CallError,
) -> None:
    script = registered()
    for _ in range(3):
        script.call(CallKind.START_SESSION, error)
        script.now += 600.0
    assert rows(script) == [REQUESTED]
    session(script)
    assert [type(row) for row in rows(script)] == [SessionRequested, SessionOpened]


@pytest.mark.parametrize("error", CERTAIN, ids=repr)
def test_a_request_that_was_refused_leaves_nothing_to_stop(error: CallError) -> None:
    script = registered()
    script.call(CallKind.START_SESSION, error)
    assert rows(script) == [REQUESTED, DENIED]
    script.miner.on(DrainBegun(), script.now)
    assert script.miner.done


@pytest.mark.parametrize("error", CERTAIN, ids=repr)
def test_a_refusal_says_nothing_about_the_request_before_it(error: CallError) -> None:
    script = in_doubt()
    script.call(CallKind.START_SESSION, error)
    assert rows(script) == [REQUESTED]
    assert script.miner.left_open


def test_a_server_that_does_not_know_the_miner_has_no_session_of_it() -> None:
    script = in_doubt()
    script.call(CallKind.START_SESSION, NotRegistered("Contributor not registered"))
    assert rows(script) == [REQUESTED, DENIED]
    assert not script.miner.left_open


@pytest.mark.parametrize("error", MAY_BE_OPEN, ids=repr)
def test_a_miner_that_is_closed_finds_the_session_that_may_be_open_and_stops_it(error: CallError) -> None:
    script = registered()
    script.call(CallKind.START_SESSION, error)
    script.miner.on(Closed(), script.now)
    assert not script.miner.done
    script.now += 60.0
    session(script)
    script.call(CallKind.STOP_SESSION, SessionSummary(tasks_completed=0, rewards_earned=None))
    script.call(CallKind.TOTALS, Totals(total_rewards=ZERO))
    assert script.miner.done


def test_a_miner_whose_start_was_requested_before_it_was_killed_is_not_at_rest_when_it_is_closed() -> None:
    script = registered(SavedMiner(session_requested=True))
    script.miner.on(DrainBegun(), script.now)
    assert script.miner.left_open
    session(script)
    script.call(CallKind.STOP_SESSION, SessionSummary(tasks_completed=0, rewards_earned=None))
    assert script.miner.phase is Phase.STOPPED


def test_a_paused_miner_takes_up_the_session_that_may_be_open() -> None:
    script = in_doubt()
    script.miner.on(Paused(), script.now)
    session(script)
    assert script.miner.in_session
    assert not registered_and_paused().miner.in_session


def registered_and_paused() -> Script:
    script = registered()
    script.miner.on(Paused(), script.now)
    assert script.miner.begin(script.now) is None
    return script


def test_no_total_is_requested_in_place_of_the_session() -> None:
    script = in_doubt()
    script.miner.on(DrainBegun(), script.now)
    script.miner.on(WalletDue(), script.now)
    assert script.miner.phase is Phase.REGISTERED


def test_the_end_of_a_drain_leaves_it_to_the_next_start_whatever_a_late_answer_says() -> None:
    script = in_doubt()
    script.miner.on(DrainBegun(), script.now)
    late = script.begin(CallKind.START_SESSION)
    script.miner.on(DrainOver(), script.now)
    done = [script.miner.done]
    script.answer(late, RateLimited())
    assert [*done, script.miner.done] == [False, True]
    assert rows(script) == [REQUESTED]
