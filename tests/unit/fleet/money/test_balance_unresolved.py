"""Money that the server may have paid already while the farm does not know: it is booked once, whatever comes first."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.answers import HeartbeatAnswer, Registration, Totals
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.effects import Booked, Effect, JobMoved, JobOpened, SessionBeat
from fleet.domain.events import DrainBegun, DrainOver
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import OpenJob, OpenSession, SavedMiner
from fleet.errors import Garbled, JobCompleted, NotRegistered, Refused
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.miner.submission import Submission
from fleet.money.balance import MinerAccount
from fleet.server.denials import error_of
from tests.support.insides import active_jobs

SPEC = MinerSpec(miner_id="rig-1")
JOB = Job(
    job_id="j1",
    job_type="data_validation",
    data={},
    reward=Decimal("0.5"),
    origin=JobOrigin.FETCHED,
    timeout_s=60.0,
)


def account(saved: SavedMiner | None = None) -> MinerAccount:
    made = MinerAccount("rig-1", saved or SavedMiner())
    made.registered(Registration(new=True), unresolved=False)
    made.session_opened("s1", None, adopted=False)
    return made


def amounts(effects: list[Effect]) -> list[Decimal]:
    return [effect.entry.amount for effect in effects if isinstance(effect, Booked)]


def test_a_sum_that_may_count_an_unbooked_job_books_nothing() -> None:
    mine = account()
    effects = mine.heartbeat(HeartbeatAnswer(rewards_earned=Decimal("0.5")), unresolved=True)
    assert amounts(effects) == []
    assert effects == [SessionBeat(miner_id="rig-1", session_id="s1", offset=ZERO, counted=False)]


def test_the_next_sum_confirms_the_job_that_the_one_before_had_counted_unseen() -> None:
    mine = account()
    mine.heartbeat(HeartbeatAnswer(rewards_earned=Decimal("0.5")), unresolved=True)
    mine.job_paid(JOB, Decimal("0.5"), False, None, again=False)
    effects = mine.heartbeat(HeartbeatAnswer(rewards_earned=Decimal("0.5")), unresolved=False)
    assert amounts(effects) == []
    assert mine.booked == Decimal("0.5")


def test_a_sum_that_sets_the_offset_confirms_no_later_payment_by_chance() -> None:
    mine = MinerAccount("rig-1", SavedMiner())
    mine.session_opened("s1", None, adopted=True)
    mine.job_paid(JOB, Decimal("0.5"), False, None, again=False)
    mine.heartbeat(HeartbeatAnswer(rewards_earned=Decimal("2.5")), unresolved=False)
    effects = mine.heartbeat(HeartbeatAnswer(rewards_earned=Decimal("3.0")), unresolved=False)
    assert amounts(effects) == [Decimal("0.5")]


def test_a_contributor_that_the_server_forgot_keeps_its_earnings_when_registering_crashes_after_the_deed() -> None:
    mine = account()
    mine.job_paid(JOB, Decimal("0.5"), False, None, again=False)
    mine.server_forgot = True
    effects = mine.registered(Registration(new=False, totals=Totals(total_rewards=ZERO)), unresolved=False)
    assert amounts(effects) == []
    assert mine.difference == 0
    assert mine.booked == Decimal("0.5")


def reply(call: Call, outcome: NotRegistered | Registration) -> Reply:
    return Reply(call=call, outcome=outcome, sent_at=1.0, answered_at=1.0)


def nothing_known(_job_id: str) -> None:
    return None


def test_a_session_that_an_earlier_life_left_open_is_stopped_though_the_drain_begins_at_once() -> None:
    known = OpenSession(session_id="s1", completed=0, confirmed=ZERO)
    miner = Miner(SPEC, Policy(), SavedMiner(session=known), random.Random(1), 0.0)
    miner.on(DrainBegun(), 0.0)
    assert not miner.done
    begun = miner.begin(0.0)
    assert begun is not None
    assert begun[0].kind is CallKind.REGISTER
    miner.on(reply(begun[0], Registration(new=False)), 1.0, nothing_known)
    again = miner.begin(1.0)
    assert again is not None
    assert again[0].kind is CallKind.START_SESSION


def test_a_drain_that_is_given_up_does_not_wait_for_a_session_of_an_earlier_life() -> None:
    known = OpenSession(session_id="s1", completed=0, confirmed=ZERO)
    miner = Miner(SPEC, Policy(), SavedMiner(session=known), random.Random(1), 0.0)
    miner.on(DrainBegun(), 0.0)
    miner.on(DrainOver(), 0.0)
    assert miner.done


def test_a_job_that_was_paid_and_is_open_again_is_known_as_paid_after_a_restart() -> None:
    paid = Entry(
        miner_id="rig-1",
        kind=EntryKind.JOB,
        amount=Decimal("0.5"),
        confirmed=True,
        session_id="s1",
        job_id="j1",
        job_type="data_validation",
    )
    with Ledger(open_engine("sqlite://"), "s") as ledger:
        opened = JobOpened(job=JOB, miner_id="rig-1", session_id="s1", state=JobState.ASSIGNED, attempt=1)
        over = JobMoved(job_id="j1", state=JobState.ACCEPTED, attempt=1, strikes=0, sends=1, mended=False)
        ledger.commit([opened, over, Booked(entry=paid)])
        again = JobOpened(job=JOB, miner_id="rig-1", session_id="s1", state=JobState.ASSIGNED, attempt=2, reopened=True)
        ledger.commit([again])
        (found,) = ledger.saved_miner("rig-1").open_jobs
        assert found.paid_before


@pytest.mark.parametrize("paid_before", [False, True])
def test_a_restored_job_is_booked_only_where_it_was_not_paid_before(paid_before: bool) -> None:
    found = OpenJob(
        job=JOB,
        miner_id="rig-1",
        session_id="s1",
        state=JobState.SUBMITTING,
        attempt=1,
        strikes=0,
        sends=1,
        mended=False,
        result={"integrity_score": 1},
        paid_before=paid_before,
    )
    miner = Miner(SPEC, Policy(), SavedMiner(open_jobs=(found,)), random.Random(1), 0.0)
    active_jobs(miner)["j1"].submission = Submission.SENT_AGAIN
    call = Call(kind=CallKind.SUBMIT, spec=SPEC, session_id="s1", job_id="j1")
    outcome = JobCompleted("Task already completed")
    answered = Reply(call=call, outcome=outcome, sent_at=1.0, answered_at=1.0)
    effects = miner.on(answered, 1.0)
    assert amounts(effects) == ([] if paid_before else [Decimal("0.5")])


@pytest.mark.parametrize(
    "body", [b'{"detail":"Task a', b"{}", b'{"detail":', b"<html>400</html>", b'{"detail":7}', b'{"detail":[22]}', b""]
)
@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_that_is_cut_or_empty_is_no_word_on_what_became_of_a_submission(status: int, body: bytes) -> None:
    assert isinstance(error_of(status, body, None), Garbled)


def test_a_refusal_in_the_protocols_words_stays_one() -> None:
    assert isinstance(error_of(400, b'{"detail":"Nonsense"}', None), Refused)
    assert isinstance(error_of(422, b'{"detail":[{"type":"missing"}]}', None), Refused)
    assert isinstance(error_of(403, b"<html>403</html>", None), Garbled), "those are a proxy's words"
