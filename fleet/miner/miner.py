"""The life of one miner as a pure state machine: events in, effects out. No I/O, no clock, no threads.

A miner has two lanes, each with one call at a time. The main lane registers, opens sessions, fetches, and submits
fetched jobs. The side lane sends heartbeats, submissions whose outcome is unknown, and jobs that came without a fetch.
So neither a heartbeat nor a lost answer holds up the next fetch. A heartbeat and a submission are never under way
together, since the sum in the heartbeat's answer might or might not count the submission.
"""

from __future__ import annotations

import random

from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.calls import URGENCY, Answer, Call, CallKind, Reply, Urgency, states_total
from fleet.domain.effects import Booked, Effect, Notice, NoticeKind, SessionClosed, SessionOpened
from fleet.domain.events import (
    BrokerEmptied,
    DrainBegun,
    DrainOver,
    Left,
    MinerEvent,
    Probe,
    Published,
    Reopened,
    ResultArrived,
    ServerIsBack,
    TimePassed,
)
from fleet.domain.jobs import Job, MinerSpec
from fleet.domain.saved_state import Account
from fleet.domain.turn import NEVER
from fleet.errors import CallError, JobCompleted, NotRegistered, OutcomeUnknown, RateLimited, Refused, SessionLost
from fleet.miner.audit_schedule import Audits
from fleet.miner.farewell import Farewell, not_stopped
from fleet.miner.job import Work
from fleet.miner.jobs import Find, Workload
from fleet.miner.lanes import Lanes, call_for
from fleet.miner.phase import NEXT_CALL, Phase
from fleet.miner.policy import Policy
from fleet.miner.retry import RetryTimer
from fleet.miner.session import Session
from fleet.money.balance import Purse
from fleet.ratelimit.share import Share

_Wish = tuple[CallKind, Work | None, float]


class Miner:
    """One contributor id at one server."""

    def __init__(self, spec: MinerSpec, policy: Policy, account: Account, rng: random.Random, now: float) -> None:
        self.spec = spec
        self.phase = Phase.UNREGISTERED
        self.draining = False
        #: whether the server stated its total at the end and it was compared
        self.compared = False
        #: when the server last stated its total, in monotonic seconds; None if it has not since the start
        self.total_stated_at: float | None = None
        self._mined = False
        self.purse = Purse(spec.miner_id, account)
        self._workload = Workload(spec.miner_id, policy, self.purse, rng)
        self._known_session = account.session
        self._policy = policy
        self._lanes = Lanes()
        self._retry = RetryTimer(policy.backoff, rng, now)
        self.share = Share()
        self._farewell = Farewell()
        self._audits = Audits(policy.reconcile_s, rng, now)
        for open_job in account.open_jobs:
            self._workload.restore(open_job, now)

    @property
    def session(self) -> Session | None:
        """The running session, or None."""
        return self._workload.session

    @property
    def jobs(self) -> dict[str, Work]:
        """The open jobs, by job id."""
        return self._workload.jobs

    @property
    def waits_until(self) -> float:
        """Until when the miner makes no call after failed ones."""
        return self._retry.until

    @property
    def wakes_at(self) -> float:
        """When it next has something to do without an event; it is told so by `TimePassed`."""
        return self._workload.wakes_at()

    @property
    def has_books(self) -> bool:
        """Whether there is something to compare with the server's total: a session, or payments since the base."""
        return self._mined or bool(self.purse.since_base)

    @property
    def left_open(self) -> bool:
        """Whether an earlier coordinator left a session open that is not adopted yet."""
        return self._known_session is not None

    @property
    def done(self) -> bool:
        """Whether a drain has nothing left to do."""
        never_mined = self.draining and self.phase in {Phase.UNREGISTERED, Phase.REGISTERED}
        # a session that an earlier coordinator left open is stopped first, and its totals are requested
        nothing_left = not self.jobs and self._known_session is None and self._lanes.idle
        return self.phase is Phase.DONE or (never_mined and nothing_left)

    def agenda(self, now: float) -> tuple[Urgency, float, float]:
        """The most urgent call that may be sent, its earliest time, and when a more urgent call falls due.

        `(FETCH, inf, inf)` if there is no call.
        """
        wishes = [(URGENCY[kind], max(at, self._retry.until)) for kind, _, at in self._wishes(now)]
        due = [wish for wish in wishes if wish[1] <= now]
        if not due:
            urgency, at = min(wishes, key=lambda wish: wish[1], default=(Urgency.FETCH, NEVER))
            return urgency, at, NEVER
        urgency, at = min(due)
        return urgency, at, min((at for other, at in wishes if other < urgency), default=NEVER)

    def begin(self, now: float, only: Urgency | None = None) -> tuple[Call, list[Effect]] | None:
        """Start the most urgent call that is due (and of urgency `only`, if given); returns it with its effects."""
        due = [wish for wish in self._wishes(now) if max(wish[2], self._retry.until) <= now]
        if not due:
            return None
        kind, work, _ = min(due, key=lambda wish: URGENCY[wish[0]])
        if only is not None and URGENCY[kind] is not only:
            return None
        call = call_for(kind, self.spec, self.session, work)
        self._lanes.begin(call, work)
        self.share.called(now)
        effects = self._workload.submitting(work) if work is not None else []
        return call, effects

    # -- events -----------------------------------------------------------------------------------------------------

    def on(self, event: MinerEvent, now: float, find: Find = lambda _: None) -> list[Effect]:
        """Take in what happened, and return what follows from it. `find` looks up a job in the ledger, for a reply."""
        match event:
            case Reply():
                return self._on_reply(event, now, find)
            case ResultArrived():
                return self._workload.result(event.message, now, event.able)
            case Published():
                return self._workload.published(event, now)
            case TimePassed():
                return self._workload.tick(now)
            case BrokerEmptied():
                return self._workload.broker_emptied(now)
            case ServerIsBack():
                self._retry.server_is_back()
            case Probe():
                self._retry.shorten()
            case DrainBegun():
                self.draining = True
            case DrainOver():
                return self._give_up()
            case Left():
                return self._leave(event.reason)
            case Reopened():
                self._reopen()
        return []

    def _on_reply(self, reply: Reply, now: float, find: Find) -> list[Effect]:
        call, outcome = reply.call, reply.outcome
        self._lanes.ended(call)
        work = self.jobs.get(call.job_id) if call.kind is CallKind.SUBMIT else None
        if work is not None and work.sends == 1:
            work.first_sent(reply.sent_at)
        if isinstance(outcome, CallError):
            effects = self._on_error(reply, outcome, work, now)
        else:
            self._retry.answered()
            effects = self._on_answer(reply, outcome, work, now, find)
        if states_total(outcome):
            self.total_stated_at = reply.answered_at
        if isinstance(outcome, HeartbeatAnswer) or any(isinstance(effect, Booked) for effect in effects):
            self._retry.rewarded()
            self.share.rewarded()
        return effects

    def _on_answer(self, reply: Reply, outcome: Answer, work: Work | None, now: float, find: Find) -> list[Effect]:
        match outcome:
            case Registration():
                return self._registered(outcome, now)
            case SessionStart():
                return self._started(outcome, reply, now, find)
            case Job():
                return self._workload.assigned(outcome, reply, now, find)
            case Receipt():
                return self._workload.receipt(outcome, work, reply) if work else []
            case HeartbeatAnswer():
                return self._beaten(outcome, reply, now, find)
            case SessionSummary():
                pay = self.purse.session_stopped(outcome, reply.exchange)
                return [*pay, *self._stopped(reply.call, "stopped")]
            case Totals():
                return self._totals(outcome, reply, now)

    def _give_up(self) -> list[Effect]:
        self._retry.over()
        self._known_session = None
        return self._workload.give_up()

    def _reopen(self) -> None:
        self.draining = False
        if self.phase is Phase.DONE:
            self.phase, self.compared = Phase.REGISTERED, False
            self._farewell.next_step()

    def _leave(self, reason: str) -> list[Effect]:
        effects: list[Effect] = []
        if self.session is not None:
            call = call_for(CallKind.STOP_SESSION, self.spec, self.session, None)
            effects = self._stopped(call, f"not stopped: {reason}", over=False)
        self.phase = Phase.DONE
        return effects

    # -- calls ------------------------------------------------------------------------------------------------------

    def _wishes(self, now: float) -> list[_Wish]:
        """Calls that the free lanes could take, each with its earliest time."""
        if self.phase is not Phase.MINING:
            return self._passage()
        session = self.session
        if session is None:
            return []
        lanes = self._lanes
        if self.draining and not self.jobs and lanes.idle:
            return [(CallKind.STOP_SESSION, None, 0.0)]
        if lanes.under_way(CallKind.TOTALS):
            # a payment made meanwhile might or might not be in the total
            return []
        wishes: list[_Wish] = []
        if lanes.side is None and not lanes.under_way(CallKind.SUBMIT) and not (self.draining and not self.jobs):
            wishes.append((CallKind.HEARTBEAT, None, session.heartbeat_at))
        if self._audits.at <= now and not self.draining and not self._workload.uncertain:
            # let the lanes fall idle so that the totals can be compared, unless a submission's outcome is unknown
            ready = lanes.idle and session.heartbeat_at > now
            return [*wishes, (CallKind.TOTALS, None, 0.0)] if ready else wishes
        if session.heartbeat_at > now and not lanes.under_way(CallKind.HEARTBEAT):
            wishes.extend((CallKind.SUBMIT, work, 0.0) for work in self._workload.sendable() if lanes.free_for(work))
        doubting = self._audits.doubting and not self._workload.uncertain
        if lanes.main is None and not self.draining and not doubting and self._workload.may_fetch:
            wishes.append((CallKind.FETCH, None, self._workload.pause.until))
        if now < self._audits.at < NEVER and not self.draining:
            wishes.append((CallKind.TOTALS, None, self._audits.at))
        return wishes

    def _passage(self) -> list[_Wish]:
        if not self._lanes.idle or self.done:
            return []
        kind = NEXT_CALL[self.phase]
        return [(kind, None, self._audits.at if kind is CallKind.TOTALS and self._audits.doubting else 0.0)]

    # -- sessions ---------------------------------------------------------------------------------------------------

    def _registered(self, registration: Registration, now: float) -> list[Effect]:
        self.phase = Phase.REGISTERED
        words = "registered" if registration.new else "was registered already"
        settled = self.purse.registered(registration, unsettled=self._workload.unsettled)
        # an unstated payment before the first total could never be proved, so the total is requested soon
        self._audits.due(now, when=self.purse.base_total is None)
        odd = [self._workload.anomaly(registration.oddity)] if registration.oddity else []
        return [self._notice(NoticeKind.REGISTERED, words), *odd, *settled]

    def _started(self, start: SessionStart, reply: Reply, now: float, find: Find) -> list[Effect]:
        miner_id, session_id = self.spec.miner_id, start.session_id
        known, self._known_session = self._known_session, None
        effects: list[Effect] = []
        if known is not None and known.session_id != session_id:
            effects.append(SessionClosed(miner_id=miner_id, session_id=known.session_id, cause="lost by the server"))
            known = None
        self.phase, self._mined = Phase.MINING, True
        self._workload.session = Session.opened(session_id, self._policy.heartbeat_s, known, now)
        self.purse.session_opened(session_id, known, adopted=start.adopted)
        effects += [
            SessionOpened(miner_id=miner_id, session_id=session_id, offset=self.purse.session_offset),
            self._notice(NoticeKind.SESSION, f"session {'adopted' if start.adopted else 'started'}: {session_id}"),
            *(self._workload.anomaly(text) for text in start.anomalies),
        ]
        if not self.draining:
            effects += self._workload.free_job(start.initial_job, reply, now, find)
        return effects

    def _beaten(self, answer: HeartbeatAnswer, reply: Reply, now: float, find: Find) -> list[Effect]:
        session = self.session
        if session is None or session.session_id != reply.call.session_id:
            return []
        session.beaten(reply.sent_at)
        waiting = self._workload.waiting
        effects = self.purse.heartbeat(answer, reply.exchange, unsettled=bool(waiting), waiting=waiting)
        self._audits.due(now, when=self.purse.may_count_twice)
        effects += [self._workload.anomaly(text) for text in answer.anomalies]
        if not self.draining:
            effects += self._workload.free_job(answer.next_job, reply, now, find)
        return effects

    def _stopped(self, call: Call, cause: str, *, over: bool = True) -> list[Effect]:
        """Go on with the drain. A session that may not be `over` stays open in the ledger until the next start."""
        self.phase, self._workload.session = Phase.STOPPED, None
        self._farewell.next_step()
        words = f"session {cause}: {call.session_id}"
        if not over:
            return [self._notice(NoticeKind.ANOMALY, words)]
        closed = SessionClosed(miner_id=self.spec.miner_id, session_id=call.session_id, cause=cause)
        return [closed, self._notice(NoticeKind.STOPPED, words)]

    def _totals(self, totals: Totals, reply: Reply, now: float) -> list[Effect]:
        if not self._audits.believes(now, may_lag=self.purse.may_lag(totals), payments=self.purse.payments):
            return []
        if self.phase is Phase.STOPPED:
            self.phase, self.compared = Phase.DONE, True
        compared = self.purse.compared(totals, reply.exchange)
        return [*compared, *self.purse.wallet.stated(totals.balance, totals.total_rewards)]

    # -- errors -----------------------------------------------------------------------------------------------------

    def _on_error(self, reply: Reply, error: CallError, work: Work | None, now: float) -> list[Effect]:
        call = reply.call
        first_send = work is not None and work.sends == 1
        if work is not None:
            ended = self._workload.submission_failed(work, error, reply)
            if ended is not None:
                self._retry.answered()
                return ended if isinstance(error, JobCompleted) else self._told(ended, call, error)
        if isinstance(error, RateLimited):
            # the governor holds back all calls from this address; the miner itself needs no wait
            return [self._failed(call, error)]
        if call.kind is CallKind.TOTALS and self.phase is Phase.MINING:
            # the session is well as long as its heartbeats are answered, so mining goes on as usual
            self._audits.failed(now)
            return [self.purse.unverifiable(str(error))]
        effects: list[Effect] = []
        if call.kind in {CallKind.STOP_SESSION, CallKind.TOTALS}:
            effects += self._farewell_failed(call, error)
        elif isinstance(error, NotRegistered | SessionLost):
            if call.session_id and (self.session is None or self.session.session_id != call.session_id):
                # the other lane got such an answer first
                return []
            effects += self._start_over(error)
        elif call.kind is CallKind.HEARTBEAT and isinstance(error, OutcomeUnknown | Refused) and self.session:
            # the heartbeat may have been counted, so the next one must not come earlier than usual
            self.session.beaten(reply.sent_at)
            self.purse.heartbeat_lost()
        first, registering = first_send or call.kind is CallKind.REGISTER, self.phase is Phase.UNREGISTERED
        if self._retry.asks_again(error, first=first, registering=registering):
            return effects
        self._retry.hold(error, now)
        return self._told(effects, call, error)

    def _start_over(self, error: CallError) -> list[Effect]:
        """Begin again from the session or the registration, whichever the server forgot."""
        session = self.session
        self._workload.session = self._known_session = None
        self.phase = Phase.UNREGISTERED if isinstance(error, NotRegistered) else Phase.REGISTERED
        self.purse.server_forgot |= isinstance(error, NotRegistered)
        if session is None:
            return []
        return [
            SessionClosed(miner_id=self.spec.miner_id, session_id=session.session_id, cause=str(error)[:200]),
            self._notice(NoticeKind.SESSION_LOST, str(error)),
        ]

    def _farewell_failed(self, call: Call, error: CallError) -> list[Effect]:
        """Retry a step of the farewell a few times; after that, the drain goes on without it."""
        last, gone = self._farewell.failed(call.kind), isinstance(error, NotRegistered | SessionLost)
        if call.kind is CallKind.TOTALS:
            self.phase = Phase.DONE if gone or last else self.phase
            return [self.purse.unverifiable(str(error))]
        if gone:
            return self._stopped(call, "lost by the server")
        return self._stopped(call, not_stopped(error), over=False) if last else []

    # -- notices ----------------------------------------------------------------------------------------------------

    def _notice(self, kind: NoticeKind, text: str) -> Notice:
        return Notice(kind=kind, miner_id=self.spec.miner_id, text=text)

    def _told(self, effects: list[Effect], call: Call, error: CallError) -> list[Effect]:
        """Give each failure one notice: that of the job or the session if there is one, else the call's error."""
        told = any(isinstance(effect, Notice) for effect in effects)
        return effects if told else [*effects, self._failed(call, error)]

    def _failed(self, call: Call, error: CallError) -> Notice:
        text = f"{call.kind.value}: {error}"[:300]
        return Notice(kind=NoticeKind.CALL_FAILED, miner_id=self.spec.miner_id, job_id=call.job_id, text=text)
