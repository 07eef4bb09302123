"""Turns while a commit takes long: what may go on, what waits, in which order, and what is known of a job meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from fleet.coordinator.bookkeeper import overlaid
from fleet.coordinator.pending import LedgerState, Pending, TurnEffects
from fleet.domain.calls import Call, CallKind
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved, JobOpened, JobRecovered, Notice, NoticeKind, SessionClosed, Write
from fleet.domain.jobs import Job, JobOrigin, JobState, MinerSpec
from fleet.domain.saved_state import Prior
from fleet.domain.turn import Turn
from fleet.errors import LedgerBusy

SPEC = MinerSpec(miner_id="rig-1", cpu_cores=1, gpu_memory_mb=0, gpu_model="")


class Slow:
    """A ledger whose commits end when they are told to."""

    def __init__(self) -> None:
        self.quick = True
        self.busy = False
        self.waits_s = 0.0
        self.reason = "the ledger's disk is slow"
        self.batches: list[list[Write]] = []
        self.held: list[Write] = []

    def write(self, writes: Sequence[Write]) -> bool:
        self.batches.append(list(writes))
        self.held.clear()
        self.busy = not self.quick
        return self.quick

    def hold(self, writes: Sequence[Write]) -> None:
        self.held += writes

    def write_ended(self) -> bool:
        return not self.busy

    def knows(self, job_id: str) -> bool:
        return bool(job_id)


class Bench:
    """A `Pending` with everything that it does and says."""

    def __init__(self) -> None:
        self.ledger = Slow()
        self.done: list[TurnEffects] = []
        self.said: list[LedgerState] = []
        self.pending = Pending(self.ledger, self.done.append, self.said.append)

    def turn(self, number: int, *kinds: CallKind) -> None:
        calls = [Call(kind=kind, spec=SPEC) for kind in kinds]
        notice = Notice(kind=NoticeKind.STOPPED, miner_id="rig-1", text=str(number))
        turn = Turn(writes=[closed(number)], calls=calls, notices=[notice])
        self.pending.write(turn, [b"%d" % number])

    def sent(self) -> list[CallKind]:
        return [call.kind for effects in self.done for call in effects.calls]

    def acknowledged(self) -> list[bytes]:
        return [entry for effects in self.done for entry in effects.acknowledged]


def closed(number: int) -> SessionClosed:
    return SessionClosed(miner_id="rig-1", session_id=f"s{number}", cause="")


def test_a_quick_commit_is_followed_by_all_that_its_turn_asks_for() -> None:
    bench = Bench()
    bench.turn(1, CallKind.HEARTBEAT, CallKind.SUBMIT)
    assert bench.sent() == [CallKind.HEARTBEAT, CallKind.SUBMIT]
    assert bench.acknowledged() == [b"1"]
    assert not bench.pending.late


def test_heartbeats_alone_go_out_while_a_commit_is_late_and_nothing_is_done_twice() -> None:
    bench = Bench()
    bench.ledger.quick = False
    bench.turn(1, CallKind.FETCH, CallKind.HEARTBEAT)
    bench.turn(2, CallKind.HEARTBEAT)
    assert bench.sent() == [CallKind.HEARTBEAT, CallKind.HEARTBEAT]
    assert bench.acknowledged() == []
    assert bench.ledger.batches == [[closed(1)]]
    assert bench.ledger.held == [closed(2)]
    bench.ledger.quick, bench.ledger.busy = True, False
    bench.pending.finish()
    assert bench.acknowledged() == [b"1"]
    bench.turn(3, CallKind.SUBMIT)
    assert bench.ledger.batches == [[closed(1)], [closed(2), closed(3)]]
    assert bench.sent() == [CallKind.HEARTBEAT, CallKind.HEARTBEAT, CallKind.FETCH, CallKind.SUBMIT]
    assert bench.acknowledged() == [b"1", b"2", b"3"]
    assert [notice.text for effects in bench.done for notice in effects.notices] == ["1", "2", "3"]


def test_a_late_commit_is_said_once_and_again_after_half_a_minute_and_its_end_with_its_length() -> None:
    bench = Bench()
    bench.ledger.quick = False
    bench.turn(1)
    for waits_s in (0.5, 1.4, 1.6, 5.0, 31.0, 32.0):
        bench.ledger.waits_s = waits_s
        bench.pending.finish()
    assert [state.waited_s for state in bench.said] == [1.6, 32.0]
    assert {state.reason for state in bench.said} == {"the ledger's disk is slow"}
    bench.ledger.busy, bench.ledger.waits_s = False, 0.0
    bench.pending.finish()
    assert bench.said[-1] == LedgerState(reason="", waited_s=32.0)


def test_a_commit_that_was_never_said_to_be_late_ends_without_a_word() -> None:
    bench = Bench()
    bench.ledger.quick = False
    bench.turn(1)
    bench.ledger.waits_s = 0.7
    bench.pending.finish()
    bench.ledger.busy, bench.ledger.waits_s = False, 0.0
    bench.pending.finish()
    assert bench.said == []


def test_a_drain_gives_a_late_commit_up_in_the_end() -> None:
    bench = Bench()
    bench.ledger.quick = False
    bench.turn(1)
    bench.ledger.waits_s = 59.0
    bench.pending.give_up_after(60.0)
    bench.ledger.waits_s = 61.0
    with pytest.raises(LedgerBusy, match="not every session was stopped"):
        bench.pending.give_up_after(60.0)


def opened(miner_id: str = "rig-1") -> JobOpened:
    job = Job(job_id="j1", job_type="inference", data={}, reward=Decimal(1), origin=JobOrigin.FETCHED, timeout_s=60.0)
    return JobOpened(job=job, miner_id=miner_id, session_id="s1", state=JobState.ASSIGNED, attempt=1)


def moved(state: JobState, loss: Loss | None = None) -> JobMoved:
    return JobMoved(job_id="j1", state=state, attempt=2, strikes=0, sends=1, mended=False, loss=loss)


ACCEPTED = Prior(state=JobState.ACCEPTED, attempt=2, miner_id="rig-1")


@pytest.mark.parametrize(
    ("prior", "writes", "known"),
    [
        (None, [], None),
        (None, [opened()], Prior(state=JobState.ASSIGNED, attempt=1, miner_id="rig-1")),
        (None, [opened(), moved(JobState.ACCEPTED)], ACCEPTED),
        (
            Prior(state=JobState.SUBMITTING, attempt=2, miner_id="rig-1"),
            [moved(JobState.EXPIRED, Loss.ANSWER_LOST)],
            Prior(state=JobState.EXPIRED, attempt=2, miner_id="rig-1", loss=Loss.ANSWER_LOST),
        ),
        (
            Prior(state=JobState.EXPIRED, attempt=2, miner_id="rig-1", loss=Loss.ANSWER_LOST),
            [JobRecovered(job_id="j1")],
            Prior(state=JobState.ALREADY_COMPLETED, attempt=2, miner_id="rig-1"),
        ),
        (ACCEPTED, [opened("rig-2")], Prior(state=JobState.ASSIGNED, attempt=1, miner_id="rig-2")),
        (ACCEPTED, [JobRecovered(job_id="another"), closed(1)], ACCEPTED),
    ],
)
def test_what_is_not_written_yet_counts_in_what_is_known_of_a_job(
    prior: Prior | None, writes: list[Write], known: Prior | None
) -> None:
    assert overlaid(prior, "j1", writes) == known


def test_a_ledger_that_can_not_be_read_is_said_to_be_late_though_nothing_is_written() -> None:
    bench = Bench()
    for waits_s in (0.9, 2.0, 0.0):
        bench.ledger.waits_s = waits_s
        bench.pending.finish()
    assert bench.said == [
        LedgerState(reason="the ledger's disk is slow", waited_s=2.0),
        LedgerState(reason="", waited_s=2.0),
    ]
