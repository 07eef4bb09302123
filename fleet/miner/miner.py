"""The life of one miner as a pure state machine: events in, effects out. No I/O, no clock, no threads.

A miner has two lanes, each with one call at a time. The main lane registers, opens sessions, fetches, and submits
fetched jobs. The side lane sends heartbeats, submissions whose outcome is unknown, and jobs that came without a fetch.
So neither a heartbeat nor a lost answer holds up the next fetch. A heartbeat and a submission are never under way
together, since the sum in the heartbeat's answer might or might not count the submission.

One file: every event and every call of a miner passes through it.
"""

from __future__ import annotations

import random

from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.calls import URGENCY, Answer, Call, CallKind, Reply, Urgency, states_total
from fleet.domain.effects import Booked, Effect, JobOpened
from fleet.domain.events import (
    Closed,
    DrainBegun,
    DrainOver,
    FreeJobsWorth,
    Left,
    MinerEvent,
    Paused,
    Probe,
    Reopened,
    Respecified,
    ResultArrived,
    Resumed,
    Retried,
    ServerIsBack,
    TimePassed,
    WalletDue,
    WorkEvent,
)
from fleet.domain.jobs import Job, MinerSpec
from fleet.domain.saved_state import SavedMiner
from fleet.errors import CallError, JobCompleted, NotRegistered, OutcomeUnknown, RateLimited, Refused, SessionLost
from fleet.miner.job import ActiveJob
from fleet.miner.job_notices import anomaly, with_notice
from fleet.miner.jobs import Find, Workload
from fleet.miner.lanes import Lanes, call_for
from fleet.miner.lifecycle import Lifecycle
from fleet.miner.next_calls import Wish, calls_between_sessions, calls_in_session, most_urgent
from fleet.miner.phase import Phase
from fleet.miner.policy import Policy
from fleet.miner.reconciling import Reconciling
from fleet.miner.retry import RetryTimer
from fleet.money.balance import MinerAccount
from fleet.ratelimit.share import Share


class Miner:
    """One contributor id at one server."""

    def __init__(self, spec: MinerSpec, policy: Policy, saved: SavedMiner, rng: random.Random, now: float) -> None:
        #: what it declares, and what it will when it next registers
        self.spec = self.next_spec = spec
        #: whether a drain has begun, and whether no new job is taken, though the session may be kept
        self.draining = self.paused = False
        #: when the server last stated its total, in monotonic seconds; None if it has not since the start
        self.total_stated_at: float | None = None
        self.account, self.share = MinerAccount(spec.miner_id, saved), Share()
        self._given_up, self._lanes = False, Lanes()
        self._retry, self._reconciling = RetryTimer(policy.backoff, rng, now), Reconciling(policy.reconcile_s, rng, now)
        self._workload = Workload(spec.miner_id, policy, self.account, rng)
        self._lifecycle = Lifecycle(spec, policy, self._workload, self.account, self._reconciling, saved)
        for open_job in saved.open_jobs:
            self._workload.restore(open_job, now)

    @property
    def phase(self) -> Phase:
        """The phase that the miner is in at its server."""
        return self._lifecycle.phase

    @property
    def in_session(self) -> bool:
        """Whether a session is running."""
        return self._workload.session is not None

    @property
    def compared(self) -> bool:
        """Whether the server stated its total at the end, or earlier if no session was opened since."""
        return self._lifecycle.compared or (not self._lifecycle.mined and self.account.stated_before)

    @property
    def waits_until(self) -> float:
        """Until when the miner makes no call after failed ones."""
        return self._retry.until

    @property
    def wakes_at(self) -> float:
        """When the miner next has something to do without another event; `TimePassed` is then due."""
        return self._workload.attempts.wakes_at()

    @property
    def has_books(self) -> bool:
        """Whether there is something to compare with the server's total: a session, or payments since the base."""
        return self._lifecycle.mined or bool(self.account.since_base)

    @property
    def left_open(self) -> bool:
        """Whether a session may be open that is not adopted yet: an earlier one, or one whose request got no answer."""
        return self._lifecycle.may_be_open

    @property
    def done(self) -> bool:
        """Whether a drain has nothing left to do."""
        # a session that may be open is stopped first, and its totals are requested
        return self.phase is Phase.DONE or (self.draining and self._lifecycle.may_rest and self._lanes.idle)

    def restored(self) -> list[JobOpened]:
        """The effects that opened the jobs that are still open, for a scheduler that has just started to count jobs."""
        return self._workload.restored()

    @property
    def _takes(self) -> bool:
        """Whether the miner takes new jobs."""
        return not (self.draining or self.paused)

    def _wishes(self, now: float) -> list[Wish]:
        if self.phase is Phase.MINING:
            return calls_in_session(
                self._workload, self._lanes, self._reconciling, now, draining=self.draining, takes=self._takes
            )
        if self._lanes.idle and not self.done and not (self.paused and self._lifecycle.may_rest):
            return calls_between_sessions(self.phase, self._reconciling)
        return []

    def agenda(self, now: float) -> tuple[Urgency, float, float]:
        """The most urgent call that may be sent, and when, as `most_urgent` says it."""
        return most_urgent(self._wishes(now), self._retry.until, now)

    def begin(self, now: float, only: Urgency | None = None) -> tuple[Call, list[Effect]] | None:
        """Start the most urgent call that is due (and of urgency `only`, if given); returns it with its effects."""
        due = [wish for wish in self._wishes(now) if max(wish[2], self._retry.until) <= now]
        if not due:
            return None
        kind, active, _ = min(due, key=lambda wish: URGENCY[wish[0]])
        if only is not None and URGENCY[kind] is not only:
            return None
        call = call_for(kind, self.spec, self._workload.session, active)
        self._lanes.begin(call, active)
        self.share.called(now)
        effects = self._workload.submitting(active) if active is not None else self._lifecycle.begins(kind)
        return call, effects

    # -- events -----------------------------------------------------------------------------------------------------

    def on(self, event: MinerEvent, now: float, find: Find = lambda _: None) -> list[Effect]:
        """Take in what happened, and return what follows from it. `find` looks up a job in the ledger, for a reply."""
        effects = self._take_in(event, now, find)
        if self._given_up and self._workload.has_leftovers:
            # of a failed submission, or of a fetch that was answered after the drain was given up
            effects = [*effects, *self._give_up()]
        if self.draining:
            self._lifecycle.before_rest()
        return effects

    def _take_in(self, event: MinerEvent, now: float, find: Find) -> list[Effect]:
        if isinstance(event, WorkEvent):
            return self._workload.attempts.on(event, now)
        match event:
            case Reply():
                return self._on_reply(event, now, find)
            case ResultArrived():
                return self._workload.result(event, now)
            case TimePassed():
                return self._workload.tick(now)
            case DrainOver():
                self._given_up = True
                self._lifecycle.give_up()
                return self._give_up()
            case Left():
                stop = call_for(CallKind.STOP_SESSION, self.spec, self._workload.session, None)
                return self._lifecycle.leave(stop, event.reason)
            case _:
                self._take_note(event, now)
                return []

    def _take_note(self, event: MinerEvent, now: float) -> None:
        """Process an event that only affects the next calls."""
        match event:
            case ServerIsBack():
                self._retry.server_is_back()
            case Probe():
                self._retry.shorten()
            case DrainBegun() | Closed() | Respecified():
                self.draining = True
                self.next_spec = event.spec if isinstance(event, Respecified) else self.next_spec
                self._lifecycle.drain_begun(mines_on=not isinstance(event, DrainBegun))
                if isinstance(event, DrainBegun):
                    self._workload.attempts.checking.hurry(now)
            case Reopened():
                self.draining = False
                self._lifecycle.reopen(register=self.next_spec is not self.spec)
                self.spec = self.next_spec
            case Paused() | Resumed():
                self.paused = isinstance(event, Paused)
            case Retried():
                self._retry.over()
                self._workload.pause.over()
            case FreeJobsWorth():
                self._workload.free_terms = event.terms
            case WalletDue():
                self._lifecycle.request_total()

    def _give_up(self) -> list[Effect]:
        self._retry.over()
        return self._workload.give_up()

    def _on_reply(self, reply: Reply, now: float, find: Find) -> list[Effect]:
        call, outcome = reply.call, reply.outcome
        self._lanes.ended(call)
        active = self._workload.jobs.get(call.job_id) if call.kind is CallKind.SUBMIT else None
        if active is not None and active.sends == 1:
            active.first_sent(reply.sent_at)
        if isinstance(outcome, CallError):
            effects = self._on_error(reply, outcome, active, now)
        else:
            self._retry.answered()
            effects = self._on_answer(reply, outcome, active, now, find)
        if states_total(outcome):
            self.total_stated_at = reply.answered_at
        if isinstance(outcome, HeartbeatAnswer) or any(isinstance(effect, Booked) for effect in effects):
            self._retry.rewarded()
            self.share.rewarded()
        return effects

    def _on_answer(
        self, reply: Reply, outcome: Answer, active: ActiveJob | None, now: float, find: Find
    ) -> list[Effect]:
        match outcome:
            case Registration():
                return self._lifecycle.registered(outcome, now)
            case SessionStart():
                return self._lifecycle.started(outcome, reply, now, find, takes=self._takes)
            case Job():
                return self._workload.assigned(outcome, reply, now, find)
            case Receipt():
                return self._workload.receipt(outcome, active, reply) if active else []
            case HeartbeatAnswer():
                return self._beaten(outcome, reply, now, find)
            case SessionSummary():
                pay = self.account.session_stopped(outcome, reply.exchange)
                odd = [anomaly(self.spec.miner_id, outcome.oddity)] if outcome.oddity else []
                return [*pay, *odd, *self._lifecycle.stopped(reply.call, "stopped")]
            case Totals():
                return self._lifecycle.totals(outcome, reply, now)

    def _beaten(self, answer: HeartbeatAnswer, reply: Reply, now: float, find: Find) -> list[Effect]:
        session = self._workload.session
        if session is None or session.session_id != reply.call.session_id:
            return []
        session.beaten(reply.sent_at)
        waiting = self._workload.waiting
        effects = self.account.heartbeat(answer, reply.exchange, unresolved=bool(waiting), waiting=waiting)
        self._reconciling.due(now, when=self.account.may_count_twice)
        effects += [anomaly(self.spec.miner_id, text) for text in answer.anomalies]
        if self._takes:
            effects += self._workload.free_job(answer.next_job, reply, now, find)
        return effects

    # -- errors -----------------------------------------------------------------------------------------------------

    def _on_error(self, reply: Reply, error: CallError, active: ActiveJob | None, now: float) -> list[Effect]:
        call, session = reply.call, self._workload.session
        first_send = active is not None and active.sends == 1
        if active is not None:
            ended = self._workload.submission_failed(active, error, reply)
            if ended is not None:
                self._retry.answered()
                return ended if isinstance(error, JobCompleted) else with_notice(self.spec.miner_id, ended, call, error)
        effects = self._lifecycle.request_failed(error) if call.kind is CallKind.START_SESSION else []
        if isinstance(error, RateLimited):
            # the governor holds back all calls from this address; the miner itself needs no wait
            return with_notice(self.spec.miner_id, effects, call, error)
        if call.kind is CallKind.TOTALS and self.phase is Phase.MINING:
            # the session is well as long as its heartbeats are answered, so mining goes on as usual
            self._reconciling.failed(now)
            return [self.account.unverifiable(str(error))]
        if call.kind in {CallKind.STOP_SESSION, CallKind.TOTALS}:
            effects += self._lifecycle.farewell_failed(call, error)
        elif isinstance(error, NotRegistered | SessionLost):
            if call.session_id and (session is None or session.session_id != call.session_id):
                # the other lane got such an answer first
                return []
            effects += self._lifecycle.start_over(error)
        elif call.kind is CallKind.HEARTBEAT and isinstance(error, OutcomeUnknown | Refused) and session:
            # the heartbeat may have been counted, so the next one must not come earlier than usual
            session.beaten(reply.sent_at)
            self.account.heartbeat_lost()
        first, registering = first_send or call.kind is CallKind.REGISTER, self.phase is Phase.UNREGISTERED
        if self._retry.asks_again(error, first=first, registering=registering):
            return effects
        self._retry.hold(error, now)
        return with_notice(self.spec.miner_id, effects, call, error)
