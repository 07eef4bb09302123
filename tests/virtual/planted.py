"""Deliberate bugs, each of which must break a law. `python -m tests.virtual.planted` finds a seed for each.

One file: a bug is a few lines, and the table at the end names all of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest import mock

from fleet.broker.disguise import split_id
from fleet.broker.results import Results
from fleet.coordinator.loop import Coordinator
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.server_loop import ServerLoop
from fleet.domain.answers import Receipt
from fleet.domain.effects import Booked, Effect, JobMoved, JobOpened, Write
from fleet.domain.jobs import JobState
from fleet.domain.saved_state import OpenJob
from fleet.errors import CallError, JobCompleted
from fleet.ledger.ledger import Ledger
from fleet.miner.checking import Checking
from fleet.miner.job import ActiveJob
from fleet.miner.jobs import Workload
from fleet.miner.lifecycle import Lifecycle
from fleet.miner.session import Session
from fleet.miner.submission import Submission
from fleet.money.balance import MinerAccount
from tests.virtual.draw import draw_plan
from tests.virtual.planted_bug import Planted
from tests.virtual.planted_checks import OF_CHECKS
from tests.virtual.planted_controls import OF_CONTROLS
from tests.virtual.planted_sessions import OF_SESSIONS
from tests.virtual.planted_work import OF_WORK
from tests.virtual.schedule import failure_of

#: jobs in a schedule, and maximum number of schedules tried for each bug
JOBS = 10
_MOST_SEEDS = 500

_commit, _receipt, _failed = Ledger.commit, Workload.receipt, Workload.submission_failed
_restore, _computed, _paid, _heartbeat = (
    Workload.restore,
    Checking.computed,
    MinerAccount.job_paid,
    MinerAccount.heartbeat,
)
_stand_by = AutoMiners.stand_by
_carry_out, _start_over, _submitting = ServerLoop.carry_out, Lifecycle.start_over, Workload.submitting


def _commits_no_payment(self: Ledger, writes: Sequence[Write]) -> None:
    _commit(self, [write for write in writes if not isinstance(write, Booked)])


def _commits_no_new_job(self: Ledger, writes: Sequence[Write]) -> None:
    _commit(self, [write for write in writes if not isinstance(write, JobOpened)])


def _commits_after_acting(self: Any, now: float) -> float:
    books = self._pending._books
    with mock.patch.object(books, "write", return_value=True) as write:
        wake_at = _carry_out(self, now)
    for late in write.call_args_list:
        books.write(*late.args)
    return wake_at


def _acknowledges_first(self: Any, now: float) -> float:
    if self.acknowledged:
        self._broker.acknowledge(self.acknowledged)
        self.acknowledged = []
    return _carry_out(self, now)


def _forgets_the_attempt(self: Workload, open_job: OpenJob, now: float) -> None:
    _restore(self, replace(open_job, attempt=0), now)


def _restores_nothing(self: Workload, open_job: OpenJob, now: float) -> None:
    """Drop the open jobs of an earlier run."""


def _books_the_stated_reward(self: Workload, receipt: Receipt, active: ActiveJob, reply: Any) -> list[Effect]:
    stated = replace(receipt, reward=active.job.reward * 2) if receipt.accepted else receipt
    return _receipt(self, stated, active, reply)


def _sends_again_after_acceptance(self: Workload, receipt: Receipt, active: ActiveJob, reply: Any) -> list[Effect]:
    if receipt.accepted and active.sends == 1:
        active.submission = Submission.UNSENT
        return []
    return _receipt(self, receipt, active, reply)


def _sends_before_writing(self: Workload, active: ActiveJob) -> list[Effect]:
    return [effect for effect in _submitting(self, active) if not isinstance(effect, JobMoved)]


def _drops_what_was_completed(self: Workload, active: ActiveJob, error: CallError, reply: Any) -> list[Effect] | None:
    if isinstance(error, JobCompleted):
        self._end(active, reply.answered_at)
        return [active.moved(JobState.REJECTED, cause="completed by somebody")]
    return _failed(self, active, error, reply)


def _sends_the_last_result(self: Any, active: ActiveJob, claim: Any) -> list[Effect]:
    last = getattr(type(self), "last_result", claim.message.result)
    type(self).last_result = claim.message.result
    return _computed(self, active, replace(claim, message=replace(claim.message, result=last)))


def _counts_in_floats(self: MinerAccount, job: Any, amount: Decimal, *args: Any, **names: Any) -> Booked:
    return _paid(self, job, Decimal(float(amount)), *args, **names)


def _books_twice(self: Any, job: Any, *args: Any, **names: Any) -> Booked:
    booked = _paid(self, job, *args, **names)
    self._books.booked += booked.entry.amount
    return booked


def _loses_jobs_with_the_session(self: Lifecycle, error: CallError) -> list[Effect]:
    self._workload.jobs.clear()
    return _start_over(self, error)


def _beats_too_fast(self: Session, sent_at: float) -> None:
    self.last_beat_at, self.compute_ms = sent_at, 0.0
    self.heartbeat_at = sent_at + self.heartbeat_s / 2


def _weighs_sums_at_any_time(self: MinerAccount, answer: Any, *args: Any, **_: Any) -> list[Effect]:
    return _heartbeat(self, answer, *args, unresolved=False)


def _gives_all_results_to_one_server(self: Any, results: Results) -> list[tuple[Any, Results]]:
    named = tuple(replace(message, job_id=split_id(message.job_id)[1]) for message in results.messages)
    return [(self._loops[0], replace(results, messages=named))]


def _closes_without_finishing(self: Any, now: float) -> list[Any]:
    closed = _stand_by(self, now)
    for miner in closed:
        miner._workload.jobs.clear()
    return closed


PLANTED = (
    Planted(name="payments are not committed", owner=Ledger, attribute="commit", bug=_commits_no_payment, seed=1),
    Planted(name="new jobs are not committed", owner=Ledger, attribute="commit", bug=_commits_no_new_job, seed=1),
    Planted(name="acts, then commits", owner=ServerLoop, attribute="carry_out", bug=_commits_after_acting, seed=1),
    Planted(
        name="acknowledges before the commit",
        owner=ServerLoop,
        attribute="carry_out",
        bug=_acknowledges_first,
        seed=1,
    ),
    Planted(
        name="forgets the attempt at a restart", owner=Workload, attribute="restore", bug=_forgets_the_attempt, seed=2
    ),
    Planted(name="restores no open job", owner=Workload, attribute="restore", bug=_restores_nothing, seed=1),
    Planted(
        name="books another amount than the receipt's",
        owner=Workload,
        attribute="receipt",
        bug=_books_the_stated_reward,
        seed=3,
    ),
    Planted(
        name="sends again after acceptance",
        owner=Workload,
        attribute="receipt",
        bug=_sends_again_after_acceptance,
        seed=3,
    ),
    Planted(
        name="sends before writing it down",
        owner=Workload,
        attribute="submitting",
        bug=_sends_before_writing,
        seed=1,
    ),
    Planted(
        name="drops what is completed already",
        owner=Workload,
        attribute="submission_failed",
        bug=_drops_what_was_completed,
        seed=1,
    ),
    Planted(name="submits the result before", owner=Checking, attribute="computed", bug=_sends_the_last_result, seed=1),
    Planted(name="counts in floats", owner=MinerAccount, attribute="job_paid", bug=_counts_in_floats, seed=3),
    Planted(name="books a job twice", owner=MinerAccount, attribute="job_paid", bug=_books_twice, seed=1),
    Planted(
        name="loses the jobs with their session",
        owner=Lifecycle,
        attribute="start_over",
        bug=_loses_jobs_with_the_session,
        seed=8,
    ),
    Planted(name="beats at double pace", owner=Session, attribute="beaten", bug=_beats_too_fast, seed=1),
    Planted(
        name="weighs sums while a job is unresolved",
        owner=MinerAccount,
        attribute="heartbeat",
        bug=_weighs_sums_at_any_time,
        seed=80,
    ),
    Planted(
        name="gives all results to one of two servers",
        owner=Coordinator,
        attribute="_parts",
        bug=_gives_all_results_to_one_server,
        seed=1,
        later=True,
    ),
    Planted(
        name="leaves a standby without finishing its jobs",
        owner=AutoMiners,
        attribute="stand_by",
        bug=_closes_without_finishing,
        seed=3,
        later=True,
    ),
    *OF_CHECKS,
    *OF_CONTROLS,
    *OF_SESSIONS,
    *OF_WORK,
)


def caught(bug: Planted, seed: int) -> Exception | None:
    """The law that a seed finds broken by the bug; None if it finds nothing.

    Raises the error of a bug that no longer fits the code that it replaces.
    """
    with mock.patch.object(bug.owner, bug.attribute, bug.bug):
        found = failure_of(draw_plan(seed, jobs=JOBS, later=bug.later))
    if isinstance(found, AttributeError | TypeError):
        raise found
    return found


def main() -> int:
    """Report for each bug whether a seed finds it. Returns 1 if one is not found."""
    missed = 0
    for bug in PLANTED:
        seeds = [bug.seed, *range(1, _MOST_SEEDS + 1)]
        found = next(((seed, text) for seed in seeds if (text := caught(bug, seed)) is not None), None)
        missed += found is None
        verdict = "NOT CAUGHT" if found is None else f"seed {found[0]:>3}: {str(found[1])[:90]}"
        print(f"{bug.name:<42} {verdict}", flush=True)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
