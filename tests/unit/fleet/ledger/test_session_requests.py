"""A request for a session is in the ledger until its outcome is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.effects import SessionClosed, SessionOpened, Write
from fleet.domain.saved_state import AbandonedSession
from fleet.domain.session_effects import SessionDenied, SessionRequested
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine

REQUESTED = SessionRequested(miner_id="rig-1")
OPENED = SessionOpened(miner_id="rig-1", session_id="s1", offset=Decimal(0))


def after(*commits: list[Write]) -> Ledger:
    ledger = Ledger(open_engine("sqlite://"), "s")
    for writes in commits:
        ledger.commit(writes)
    return ledger


@pytest.mark.parametrize(
    ("commits", "in_doubt"),
    [
        ([[REQUESTED]], True),
        ([[REQUESTED], [REQUESTED]], True),
        ([[REQUESTED], [OPENED]], False),
        ([[REQUESTED], [SessionDenied(miner_id="rig-1")]], False),
        ([[REQUESTED], [SessionDenied(miner_id="rig-2")]], True),
        # one turn: the session that was open is lost, and another one is requested
        ([[REQUESTED], [OPENED], [SessionClosed(miner_id="rig-1", session_id="s1", cause="lost"), REQUESTED]], True),
        ([[REQUESTED], [SessionDenied(miner_id="rig-1"), REQUESTED]], True),
    ],
)
def test_a_start_finds_a_request_without_an_outcome(commits: list[list[Write]], *, in_doubt: bool) -> None:
    with after(*commits) as ledger:
        assert ledger.saved_miner("rig-1").session_requested is in_doubt


def test_the_requests_of_many_miners_are_one_commit_and_so_are_their_outcomes() -> None:
    miners = [f"rig-{number}" for number in range(100)]
    with after([SessionRequested(miner_id=one) for one in miners]) as ledger:
        assert all(saved.session_requested for saved in ledger.saved_miners(miners))
        ledger.commit([SessionOpened(miner_id=one, session_id=f"s{one}", offset=None) for one in miners])
        assert not any(saved.session_requested for saved in ledger.saved_miners(miners))


def test_a_request_of_a_miner_that_is_not_wanted_is_found_with_the_session_that_is_known() -> None:
    requested = AbandonedSession(miner_id="rig-1", session_id="", requested=True)
    with after([REQUESTED]) as ledger:
        assert ledger.abandoned_sessions({"rig-1"}) == []
        assert ledger.abandoned_sessions({"rig-2"}) == [requested]
        ledger.commit([OPENED])
        assert ledger.abandoned_sessions(set()) == [AbandonedSession(miner_id="rig-1", session_id="s1")]
        ledger.commit([REQUESTED])
        assert ledger.abandoned_sessions(set()) == [AbandonedSession(miner_id="rig-1", session_id="s1", requested=True)]
        ledger.commit([SessionClosed(miner_id="rig-1", session_id="s1", cause="stopped")])
        assert ledger.abandoned_sessions(set()) == [requested]
        ledger.commit([SessionDenied(miner_id="rig-1")])
        assert ledger.abandoned_sessions(set()) == []


def test_each_server_has_its_own_requests() -> None:
    engine = open_engine("sqlite://")
    with Ledger(engine, "a") as here, Ledger(engine, "b") as there:
        here.commit([REQUESTED])
        assert there.abandoned_sessions(set()) == []
        assert not there.saved_miner("rig-1").session_requested
        there.commit([SessionDenied(miner_id="rig-1")])
        assert here.saved_miner("rig-1").session_requested
