"""A base that counts what a session's sum brings later: the heartbeat is booked once, and no job pays for it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import pytest

from fleet.domain.answers import HeartbeatAnswer, Registration, Totals
from fleet.domain.causes import Difference
from fleet.domain.effects import Booked, Effect, Found, SessionOpened, Write
from fleet.domain.jobs import Job, JobOrigin
from fleet.domain.saved_state import SavedMiner
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.money.balance import MinerAccount
from fleet.money.reconcile import Case, classify
from tests.support.first_base import BONUS, RECORD, REWARD, UNTOLD, stated


def job(number: int) -> Job:
    return Job(job_id=f"j{number}", job_type="data_hash", data={}, reward=REWARD, origin=JobOrigin.NEXT, timeout_s=60.0)


def late_base() -> MinerAccount:
    """A session's first heartbeat is paid, its answer is lost, and then the server states its first total."""
    mine = MinerAccount("rig-1", SavedMiner())
    mine.registered(UNTOLD, unresolved=False)
    mine.session_opened("s1", None, adopted=False)
    mine.heartbeat_lost()
    mine.compare(stated(BONUS, 0))
    return mine


def claimed(mine: MinerAccount, number: int = 1) -> None:
    """A job was paid, and only "Task already completed" said so."""
    mine.job_paid(job(number), REWARD, False, None, again=False)


def amounts(effects: Iterable[Effect]) -> list[Decimal]:
    return [effect.entry.amount for effect in effects if isinstance(effect, Booked)]


def kinds(effects: Iterable[Effect]) -> list[Difference]:
    return [effect.finding.kind for effect in effects if isinstance(effect, Found)]


@pytest.mark.parametrize("record", [None, RECORD])
@pytest.mark.parametrize("jobs", [None, 1])
def test_what_a_sum_told_after_the_first_base_is_not_taken_back_from_jobs(jobs: int | None, record: int | None) -> None:
    """What seed 696 found: the base counted the lost heartbeat, and so did the entry that the next sum brought."""
    mine = late_base()
    assert amounts(mine.heartbeat(HeartbeatAnswer(rewards_earned=BONUS))) == [BONUS]
    claimed(mine)
    effects = mine.compare(stated(BONUS + REWARD, jobs, record))
    assert amounts(effects) == []
    assert kinds(effects) == [Difference.HEARTBEAT]
    assert mine.booked == BONUS + REWARD
    assert mine.difference == 0
    assert mine.unexplained == 0


def test_what_is_lost_after_such_a_base_is_found_by_the_next_total() -> None:
    mine = late_base()
    mine.heartbeat(HeartbeatAnswer(rewards_earned=BONUS))
    mine.compare(stated(BONUS, 0))
    mine.answer_lost(job(1))
    assert amounts(mine.compare(stated(BONUS + REWARD, 1))) == [REWARD]
    assert mine.booked == BONUS + REWARD


def test_a_payment_that_the_servers_own_count_lacks_is_taken_back_though_a_base_was_in_doubt() -> None:
    case = Case(missing=-REWARD, same_record=True, claims=(("j1", REWARD),), extra_jobs=-1, counted_twice=REWARD)
    finding = classify(case)
    assert finding is not None
    assert (finding.kind, finding.job_ids) == (Difference.ANSWER_LOST, ("j1",))


def test_a_shortfall_of_more_than_the_sum_brought_is_no_heartbeats() -> None:
    case = Case(missing=-REWARD, same_record=True, claims=(("j1", REWARD * 2),), extra_jobs=0, counted_twice=BONUS)
    finding = classify(case)
    assert finding is not None
    assert finding.kind is Difference.ANSWER_LOST


@pytest.mark.parametrize("received", [False, True])
def test_only_a_base_beside_an_unheard_heartbeat_is_in_doubt(received: bool) -> None:
    mine = MinerAccount("rig-1", SavedMiner())
    mine.registered(UNTOLD, unresolved=False)
    mine.session_opened("s1", None, adopted=False)
    if not received:
        mine.heartbeat_lost()
    mine.compare(stated(BONUS, 0))
    mine.heartbeat(HeartbeatAnswer(rewards_earned=BONUS))
    assert mine.may_count_twice is not received


def test_a_base_after_a_forgetting_counts_an_unheard_heartbeat_once_too() -> None:
    """The contributor was registered again unnoticed, and its new session's first heartbeat is unheard."""
    mine = MinerAccount("rig-1", SavedMiner())
    mine.registered(Registration(new=False, totals=stated(Decimal(3), 4)), unresolved=False)
    mine.session_opened("s2", None, adopted=False)
    mine.heartbeat_lost()
    assert kinds(mine.compare(stated(BONUS, 0, RECORD + 60))) == [Difference.FORGOTTEN]
    mine.heartbeat(HeartbeatAnswer(rewards_earned=BONUS))
    claimed(mine)
    assert amounts(mine.compare(stated(BONUS + REWARD, 1, RECORD + 60))) == []
    assert mine.booked == BONUS + REWARD


def test_a_base_after_an_unexplained_shortfall_counts_an_unheard_heartbeat_once_too() -> None:
    mine = MinerAccount("rig-1", SavedMiner())
    mine.registered(Registration(new=False, totals=Totals(total_rewards=Decimal(0))), unresolved=False)
    mine.session_opened("s1", None, adopted=False)
    claimed(mine)
    mine.heartbeat_lost()
    assert kinds(mine.compare(Totals(total_rewards=BONUS))) == [Difference.UNKNOWN]
    mine.heartbeat(HeartbeatAnswer(rewards_earned=BONUS))
    claimed(mine, 2)
    assert amounts(mine.compare(Totals(total_rewards=BONUS + REWARD))) == []
    assert mine.booked == BONUS + REWARD * 2
    assert mine.difference == 0


def written(ledger: Ledger, effects: Iterable[Effect]) -> None:
    ledger.commit([effect for effect in effects if isinstance(effect, Write)])


@pytest.mark.parametrize("dies", ["before the base", "before the sum", "after the sum"])
def test_a_base_in_doubt_stays_so_when_the_coordinator_dies(dies: str) -> None:
    """A heartbeat is paid unheard: the first total counts it, and the next sum brings it."""
    clock = iter(range(1_790_000_000_000, 1_800_000_000_000, 1000))
    with Ledger(open_engine("sqlite://"), "s", now_ms=lambda: next(clock)) as ledger:
        mine = MinerAccount("rig-1", ledger.saved_miner("rig-1"))
        mine.session_opened("s1", None, adopted=False)
        written(ledger, [SessionOpened(miner_id="rig-1", session_id="s1", offset=mine.session_offset)])
        mine.heartbeat_lost()
        if dies != "before the base":
            written(ledger, mine.compare(stated(BONUS, 0)))
        if dies == "after the sum":
            written(ledger, mine.heartbeat(HeartbeatAnswer(rewards_earned=BONUS)))
        saved = ledger.saved_miner("rig-1")
        mine = MinerAccount("rig-1", saved)
        shown = UNTOLD if dies == "after the sum" else Registration(new=False, totals=stated(BONUS, 0))
        written(ledger, mine.registered(shown, unresolved=False))
        mine.session_opened("s1", saved.session, adopted=True)
        written(ledger, mine.heartbeat(HeartbeatAnswer(rewards_earned=BONUS)))
        claimed(mine)
        assert amounts(mine.compare(stated(BONUS + REWARD, 1))) == []
        assert mine.booked == BONUS + REWARD
