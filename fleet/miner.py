"""The life of one miner as a pure machine: an event in, effects out. No I/O, no clock, no threads.

A miner speaks on two lanes, each with one call at a time: the main lane registers, opens, fetches and submits what was
fetched; the side lane sends heartbeats, submissions whose outcome is unknown, and jobs that came for free. So neither a
heartbeat nor a lost answer holds up the next fetch. A heartbeat and a submission are never under way together, since the
heartbeat's answer states a sum that would count the submission or not.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from fleet.backoff import Backoff
from fleet.calls import URGENCY, Call, CallKind, Reply, Urgency
from fleet.effects import (
    Dispatch,
    Effect,
    JobOpened,
    Notice,
    NoticeKind,
    SessionBeat,
    SessionClosed,
    SessionOpened,
)
from fleet.errors import (
    CallError,
    JobCompleted,
    JobUnknown,
    NotRegistered,
    OutcomeUnknown,
    RateLimited,
    Refused,
    ServerFault,
    SessionLost,
)
from fleet.models import (
    PAID,
    Account,
    HeartbeatAnswer,
    Job,
    JobState,
    MinerSpec,
    OpenJob,
    OpenSession,
    Prior,
    Receipt,
    Registration,
    Road,
    SessionStart,
    SessionSummary,
    Totals,
    Usage,
)
from fleet.purse import Purse
from fleet.workload import NEVER, Work, flaw_of
from tasks.messages import Outcome, ResultMessage

#: submissions with unknown outcome that may wait beside the next fetch
_MAX_UNKNOWN = 3


class Phase(Enum):
    """How far a miner is with the server."""

    UNREGISTERED = "unregistered"
    REGISTERED = "registered"
    MINING = "mining"
    #: the session is stopped, the last totals are not asked yet
    STOPPED = "stopped"
    DONE = "done"


class Lane(Enum):
    """The two ways to the server."""

    MAIN = "main"
    SIDE = "side"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """How every miner of a farm behaves; durations in seconds."""

    heartbeat_s: float = 30.0
    redispatch_s: float = 30.0
    max_attempts: int = 3
    max_free_jobs: int = 4
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(kw_only=True, slots=True)
class Session:
    """The running session of a miner."""

    session_id: str
    heartbeat_at: float
    last_beat_at: float
    completed: int = 0
    compute_ms: float = 0.0


class Miner:
    """One contributor id at one server."""

    def __init__(self, spec: MinerSpec, policy: Policy, account: Account, rng: random.Random, now: float) -> None:
        self.spec = spec
        self.phase = Phase.UNREGISTERED
        self.draining = False
        self.session: Session | None = None
        self.purse = Purse(spec.miner_id, account)
        self.jobs: dict[str, Work] = {}
        self._known_session = account.session
        self._policy = policy
        self._rng = rng
        self._lanes: dict[Lane, Call | None] = dict.fromkeys(Lane)
        self._failures = 0
        self._not_before = now
        self._fetch_not_before = now
        self._refusals = 0
        self._stops = 0
        for open_job in account.open_jobs:
            self._restore(open_job, now)

    @property
    def done(self) -> bool:
        """Whether nothing is left to do after a drain."""
        never_mined = self.draining and self.phase in {Phase.UNREGISTERED, Phase.REGISTERED}
        return self.phase is Phase.DONE or (never_mined and not self.jobs and not any(self._lanes.values()))

    def agenda(self, now: float) -> tuple[Urgency, float]:
        """The most urgent call that may be sent and the time from which it may; `(FETCH, inf)` while there is none."""
        wishes = [(URGENCY[kind], max(at, self._not_before)) for kind, _, at in self._wishes(now)]
        due = [wish for wish in wishes if wish[1] <= now]
        if due:
            return min(due)
        return min(wishes, key=lambda wish: wish[1], default=(Urgency.FETCH, NEVER))

    def wakes_at(self) -> float:
        """When `tick` has something to do."""
        return min((work.redispatch_at for work in self.jobs.values() if work.at_workers), default=NEVER)

    def tick(self, now: float) -> list[Effect]:
        """Dispatch again what gave no result in time; the dispatcher skips it while messages still wait in the queue."""
        effects: list[Effect] = []
        for work in self.jobs.values():
            if work.at_workers and work.redispatch_at <= now:
                effects += self._dispatch(work, now, only_if_idle=work.state is JobState.DISPATCHED)
        return effects

    def begin(self, now: float) -> tuple[Call, list[Effect]] | None:
        """Take the most urgent call that is due; what has to be written before it is sent comes with it."""
        due = [wish for wish in self._wishes(now) if max(wish[2], self._not_before) <= now]
        if not due:
            return None
        kind, work, _ = min(due, key=lambda wish: URGENCY[wish[0]])
        effects: list[Effect] = []
        if work is not None:
            work.in_flight, work.sends = True, work.sends + 1
            effects.append(work.moved(JobState.SUBMITTING))
        call = self._call(kind, work)
        self._lanes[self._lane(kind, work)] = call
        return call, effects

    def drain(self) -> None:
        """Fetch nothing any more; finish, stop the session, ask for the totals."""
        self.draining = True

    def give_up(self) -> list[Effect]:
        """The drain took too long: end each open job that no submission is under way for."""
        effects: list[Effect] = []
        for work in [work for work in self.jobs.values() if not work.in_flight]:
            cause = "answer lost" if work.unknown else "drained"
            effects += self._lost(work, JobState.EXPIRED, cause)
        self._not_before = 0.0
        return effects

    # -- events -----------------------------------------------------------------------------------------------------

    def on_reply(self, reply: Reply, now: float, find: Callable[[str], Prior | None]) -> list[Effect]:
        """A call ended. `find` looks a job up in the ledger."""
        call, outcome = reply.call, reply.outcome
        for lane, pending in self._lanes.items():
            if pending is call:
                self._lanes[lane] = None
        work = self.jobs.get(call.job_id) if call.kind is CallKind.SUBMIT else None
        if work is not None:
            work.in_flight = False
        if isinstance(outcome, CallError):
            return self._on_error(reply, outcome, work, now)
        self._failures = 0
        match outcome:
            case Registration():
                return self._registered(outcome)
            case SessionStart():
                return self._started(outcome, reply.answered_at, now, find)
            case Job():
                return self._assigned(outcome, reply.answered_at, now, find)
            case Receipt():
                return self._receipt(outcome, work, reply) if work else []
            case HeartbeatAnswer():
                return self._beaten(outcome, reply, now, find)
            case SessionSummary():
                return self._stopped(call, "stopped")
            case Totals():
                return self._totals(outcome)

    def on_result(self, message: ResultMessage, now: float) -> list[Effect]:
        """A worker's attempt ended. One that is not awaited, or of an attempt that was never made, changes nothing."""
        work = self.jobs.get(message.job_id)
        if work is None or not work.at_workers or not 1 <= message.attempt <= work.attempt:
            return [self._anomaly("a result that is not awaited", job_id=message.job_id)]
        flaw = flaw_of(message, work.job.job_type)
        if not flaw:
            work.result = {**message.result, "compute_time_ms": round(message.compute_ms, 3)}
            work.compute_ms = message.compute_ms
            if self.session:
                self.session.compute_ms += message.compute_ms
            return [work.moved(JobState.COMPUTED, computed_by=message), self._computed(work, message)]
        if message.outcome is Outcome.REFUSED:
            work.fail(flaw, JobState.REJECTED)
            return [work.moved(JobState.COMPUTED, cause=flaw, computed_by=message)]
        if message.attempt < work.attempt:
            return [self._anomaly(f"attempt {message.attempt} failed late: {flaw}", job_id=message.job_id)]
        work.strikes += 1
        if work.strikes >= self._policy.max_attempts:
            work.fail(flaw, JobState.QUARANTINED)
            return [work.moved(JobState.COMPUTED, cause=flaw, computed_by=message)]
        return [
            self._anomaly(f"attempt {message.attempt} failed: {flaw}", job_id=message.job_id),
            *self._dispatch(work, now),
        ]

    def on_dispatched(self, job_id: str, attempt: int, *, published: bool, now: float) -> list[Effect]:
        """The dispatcher published a job or found that an earlier message of it still waits; or it could not publish."""
        work = self.jobs.get(job_id)
        if work is None or work.attempt != attempt or not work.at_workers:
            return []
        if not published:
            work.redispatch_at = now + self._policy.backoff.delay_s(1, self._rng)
            return []
        work.redispatch_at = now + self._policy.redispatch_s
        return [work.moved(JobState.DISPATCHED)]

    # -- what it wants ----------------------------------------------------------------------------------------------

    def _wishes(self, now: float) -> list[tuple[CallKind, Work | None, float]]:
        """Calls that the free lanes could take, each with the time from which it may be sent."""
        if self.phase in {Phase.UNREGISTERED, Phase.REGISTERED, Phase.STOPPED}:
            return self._passage()
        if self.phase is Phase.DONE or self.session is None:
            return []
        main, side = self._lanes[Lane.MAIN], self._lanes[Lane.SIDE]
        if self.draining and not self.jobs and main is None and side is None:
            return [(CallKind.STOP_SESSION, None, 0.0)]
        wishes: list[tuple[CallKind, Work | None, float]] = []
        beat_due = self.session.heartbeat_at <= now
        submitting = any(call is not None and call.kind is CallKind.SUBMIT for call in (main, side))
        if side is None and not (self.draining and not self.jobs) and not submitting:
            wishes.append((CallKind.HEARTBEAT, None, self.session.heartbeat_at))
        if not beat_due and not (side is not None and side.kind is CallKind.HEARTBEAT):
            for work in self.jobs.values():
                if work.sendable and self._lanes[self._lane(CallKind.SUBMIT, work)] is None:
                    wishes.append((CallKind.SUBMIT, work, 0.0))
        if main is None and not self.draining and self._may_fetch():
            wishes.append((CallKind.FETCH, None, self._fetch_not_before))
        return wishes

    def _passage(self) -> list[tuple[CallKind, Work | None, float]]:
        if any(self._lanes.values()) or self.done:
            return []
        if self.phase is Phase.UNREGISTERED:
            return [(CallKind.REGISTER, None, 0.0)]
        if self.phase is Phase.REGISTERED:
            return [(CallKind.START_SESSION, None, 0.0)]
        return [(CallKind.TOTALS, None, 0.0)]

    def _may_fetch(self) -> bool:
        unknown = sum(work.unknown for work in self.jobs.values())
        return unknown < _MAX_UNKNOWN and not any(work.blocks_fetch for work in self.jobs.values())

    def _lane(self, kind: CallKind, work: Work | None) -> Lane:
        if work is not None:
            return Lane.MAIN if work.job.road is Road.FETCHED and not work.unknown else Lane.SIDE
        return Lane.SIDE if kind is CallKind.HEARTBEAT else Lane.MAIN

    def _call(self, kind: CallKind, work: Work | None) -> Call:
        session = self.session
        if work is not None:
            return Call(
                kind=kind,
                spec=self.spec,
                session_id=session.session_id if session else work.session_id,
                job_id=work.job.job_id,
                result=work.result or {},
            )
        if session is None:
            return Call(kind=kind, spec=self.spec)
        return Call(
            kind=kind,
            spec=self.spec,
            session_id=session.session_id,
            completed=session.completed,
            usage=self._usage(session),
        )

    def _usage(self, session: Session) -> Usage:
        """Time inside kernels as a share of the time since the last heartbeat: what this miner really used."""
        elapsed_ms = max(session.heartbeat_at - session.last_beat_at, 1.0) * 1000
        return Usage(cpu_percent=round(min(100.0, 100.0 * session.compute_ms / elapsed_ms), 1))

    # -- sessions ---------------------------------------------------------------------------------------------------

    def _registered(self, registration: Registration) -> list[Effect]:
        self.phase = Phase.REGISTERED
        words = "registered" if registration.new else "was registered already"
        unsettled = any(work.unknown for work in self.jobs.values())
        return [
            self._notice(NoticeKind.REGISTERED, words),
            *self.purse.registered(registration, unsettled=unsettled),
        ]

    def _started(
        self, start: SessionStart, answered_at: float, now: float, find: Callable[[str], Prior | None]
    ) -> list[Effect]:
        known, self._known_session = self._known_session, None
        effects: list[Effect] = []
        if known is not None and known.session_id != start.session_id:
            effects.append(
                SessionClosed(miner_id=self.spec.miner_id, session_id=known.session_id, cause="lost by the server")
            )
            known = None
        self._open(start, known, now)
        effects.append(
            SessionOpened(miner_id=self.spec.miner_id, session_id=start.session_id, offset=self.purse.session_offset)
        )
        words = "adopted" if start.adopted else "started"
        effects.append(self._notice(NoticeKind.SESSION, f"{words} {start.session_id}"))
        return effects + self._free_job(start.initial_job, start.anomalies, answered_at, now, find)

    def _open(self, start: SessionStart, known: OpenSession | None, now: float) -> None:
        self.phase = Phase.MINING
        age = min(known.heartbeat_age_s, self._policy.heartbeat_s) if known else 0.0
        self.session = Session(
            session_id=start.session_id,
            heartbeat_at=now - age + self._policy.heartbeat_s,
            last_beat_at=now - age,
            completed=known.completed if known else 0,
        )
        self.purse.session_opened(start.session_id, known, adopted=start.adopted)

    def _beaten(
        self, answer: HeartbeatAnswer, reply: Reply, now: float, find: Callable[[str], Prior | None]
    ) -> list[Effect]:
        session = self.session
        if session is None or session.session_id != reply.call.session_id:
            return []
        self._next_beat(session, reply.sent_at)
        effects = self.purse.heartbeat(answer)
        effects.append(
            SessionBeat(miner_id=self.spec.miner_id, session_id=session.session_id, offset=self.purse.session_offset)
        )
        return effects + self._free_job(answer.next_job, answer.anomalies, reply.answered_at, now, find)

    def _next_beat(self, session: Session, sent_at: float) -> None:
        session.last_beat_at, session.compute_ms = sent_at, 0.0
        session.heartbeat_at = sent_at + self._policy.heartbeat_s

    def _stopped(self, call: Call, cause: str) -> list[Effect]:
        self.phase, self.session = Phase.STOPPED, None
        return [
            SessionClosed(miner_id=self.spec.miner_id, session_id=call.session_id, cause=cause),
            self._notice(NoticeKind.STOPPED, f"{cause} {call.session_id}"),
        ]

    def _totals(self, totals: Totals) -> list[Effect]:
        if self.phase is Phase.STOPPED:
            self.phase = Phase.DONE
        return self.purse.settle(totals.total_rewards)

    # -- jobs -------------------------------------------------------------------------------------------------------

    def _restore(self, open_job: OpenJob, now: float) -> None:
        work = Work(
            job=open_job.job,
            session_id=open_job.session_id,
            state=open_job.state,
            attempt=open_job.attempt,
            strikes=open_job.strikes,
            sends=open_job.sends,
            mended=open_job.mended,
            result=open_job.result,
            unknown=open_job.state is JobState.SUBMITTING,
        )
        if open_job.result and "error" in open_job.result:
            work.fail(str(open_job.result["error"]), JobState.REJECTED)
        # a result may wait in the stream already; the intake reads it before this time
        work.redispatch_at = now + min(2.0, self._policy.redispatch_s) if work.at_workers else NEVER
        self.jobs[open_job.job.job_id] = work

    def _free_job(
        self,
        job: Job | None,
        anomalies: tuple[str, ...],
        answered_at: float,
        now: float,
        find: Callable[[str], Prior | None],
    ) -> list[Effect]:
        effects: list[Effect] = [self._anomaly(text) for text in anomalies]
        free = sum(work.job.road is not Road.FETCHED for work in self.jobs.values())
        if job is None or self.draining or free >= self._policy.max_free_jobs:
            return effects
        return effects + self._assigned(job, answered_at, now, find)

    def _assigned(self, job: Job, answered_at: float, now: float, find: Callable[[str], Prior | None]) -> list[Effect]:
        known = self.jobs.get(job.job_id)
        if known is not None:
            return self._given_again(known, job)
        prior = find(job.job_id)
        if prior is not None and prior.miner_id != self.spec.miner_id:
            self._fail_fetch(now)
            return [self._anomaly(f"was given the job of {prior.miner_id}", job_id=job.job_id)]
        work = Work(
            job=job,
            session_id=self.session.session_id if self.session else "",
            received_at=answered_at,
            attempt=prior.attempt if prior else 0,
            paid_before=prior is not None and prior.state in PAID,
        )
        self.jobs[job.job_id] = work
        insisted = prior is not None and prior.state in {JobState.REJECTED, JobState.QUARANTINED}
        if insisted:
            self._fail_fetch(now)
        if job.problem or insisted:
            work.fail(job.problem or "refused before", JobState.REJECTED)
            work.state = JobState.COMPUTED
            return [self._opened(work, prior), work.moved(JobState.COMPUTED, cause=work.failure)]
        self._refusals = 0
        dispatch = self._publish(work, now)
        return [self._opened(work, prior), dispatch]

    def _opened(self, work: Work, prior: Prior | None) -> JobOpened:
        return JobOpened(
            job=work.job,
            miner_id=self.spec.miner_id,
            session_id=work.session_id,
            state=work.state,
            attempt=work.attempt,
            reopened=prior is not None,
        )

    def _given_again(self, work: Work, job: Job) -> list[Effect]:
        """The server holds this job unsubmitted: what was sent of it did not arrive."""
        if work.unknown:
            work.insisted = True
        if job.data != work.job.data or job.reward != work.job.reward:
            return [self._anomaly("the same job came with another payload", job_id=job.job_id)]
        return []

    def _fail_fetch(self, now: float) -> None:
        self._refusals += 1
        self._fetch_not_before = now + self._policy.backoff.delay_s(self._refusals, self._rng)

    def _dispatch(self, work: Work, now: float, *, only_if_idle: bool = False) -> list[Effect]:
        """Another attempt, written down before it is published."""
        dispatch = self._publish(work, now, only_if_idle=only_if_idle)
        return [work.moved(JobState.ASSIGNED), dispatch]

    def _publish(self, work: Work, now: float, *, only_if_idle: bool = False) -> Dispatch:
        work.attempt += 1
        work.redispatch_at = now + self._policy.redispatch_s
        return Dispatch(message=work.message(self.spec.miner_id), only_if_idle=only_if_idle)

    def _receipt(self, receipt: Receipt, work: Work, reply: Reply) -> list[Effect]:
        if receipt.accepted:
            return self._paid(work, receipt.reward, True, receipt.total_rewards, reply)
        if work.failure:
            return self._lost(work, work.end, work.failure)
        if work.mend():
            work.unknown = work.insisted = False
            return [work.moved(JobState.COMPUTED), self._anomaly(f"mended: {receipt.error}", job_id=work.job.job_id)]
        return self._lost(work, JobState.REJECTED, receipt.error)

    def _paid(
        self, work: Work, amount: Decimal, confirmed: bool, stated_total: Decimal | None, reply: Reply
    ) -> list[Effect]:
        job = self.jobs.pop(work.job.job_id)
        if self.session and self.session.session_id == reply.call.session_id:
            self.session.completed += 1
        booked = self.purse.job_paid(work.job, amount, confirmed, stated_total, again=work.paid_before)
        overhead = None
        if work.received_at is not None and work.sends == 1:
            overhead = (reply.sent_at - work.received_at) * 1000 - work.compute_ms
        return [
            job.moved(JobState.ACCEPTED if confirmed else JobState.ALREADY_COMPLETED),
            booked,
            Notice(
                kind=NoticeKind.REWARD,
                miner_id=self.spec.miner_id,
                job_id=work.job.job_id,
                job_type=work.job.job_type,
                amount=amount,
                total=self.purse.booked,
                confirmed=confirmed,
                overhead_ms=overhead,
            ),
        ]

    def _lost(self, work: Work, state: JobState, cause: str) -> list[Effect]:
        self.jobs.pop(work.job.job_id, None)
        return [
            work.moved(state, cause=cause),
            Notice(
                kind=NoticeKind.LOST_JOB,
                miner_id=self.spec.miner_id,
                job_id=work.job.job_id,
                job_type=work.job.job_type,
                text=f"{state.value}: {cause}",
                amount=work.job.reward,
            ),
        ]

    # -- errors -----------------------------------------------------------------------------------------------------

    def _on_error(self, reply: Reply, error: CallError, work: Work | None, now: float) -> list[Effect]:
        call = reply.call
        effects: list[Effect] = []
        if work is not None:
            handled = self._submission_failed(work, error, reply)
            if handled is not None:
                return handled
        if isinstance(error, RateLimited):
            return [self._failed(call, error)]
        if isinstance(error, NotRegistered | SessionLost):
            effects += self._start_over(call, error)
        elif call.kind is CallKind.HEARTBEAT and isinstance(error, OutcomeUnknown) and self.session:
            # it may have been counted: the next one comes at its own pace, not faster
            self._next_beat(self.session, reply.sent_at)
        elif call.kind in {CallKind.STOP_SESSION, CallKind.TOTALS}:
            effects += self._stop_failed(call)
        self._hold(call, error, now)
        return [*effects, self._failed(call, error)]

    def _hold(self, call: Call, error: CallError, now: float) -> None:
        """Wait before the next call: longer after each failure in a row.

        Releases that answer 500 after the deed do so each time (PROTOCOL, surprise 1): the first question whether it was
        done comes at once.
        """
        self._failures += 1
        asks_again = isinstance(error, ServerFault) and call.kind in {CallKind.REGISTER, CallKind.SUBMIT}
        starts_over = isinstance(error, NotRegistered | SessionLost)
        if self._failures == 1 and (asks_again or starts_over):
            return
        self._not_before = now + self._policy.backoff.delay_s(self._failures, self._rng)

    def _submission_failed(self, work: Work, error: CallError, reply: Reply) -> list[Effect] | None:
        """Effects of a failed submission; None when waiting and sending it again is all there is to do."""
        if isinstance(error, JobCompleted):
            self._failures = 0
            if work.failure:
                return self._lost(work, work.end, work.failure)
            return self._paid(work, work.job.reward, False, None, reply)
        if isinstance(error, JobUnknown):
            return self._lost(work, JobState.EXPIRED, "answer lost" if work.unknown else "server forgot it")
        if isinstance(error, OutcomeUnknown):
            work.unknown, work.insisted = True, False
            return None
        if not isinstance(error, Refused):
            if not work.unknown:
                work.state = JobState.COMPUTED
            return None
        self._failures = 0
        if work.mend():
            work.unknown = False
            return [work.moved(JobState.COMPUTED), self._failed(reply.call, error)]
        return [*self._lost(work, JobState.REJECTED, str(error)), self._failed(reply.call, error)]

    def _start_over(self, call: Call, error: CallError) -> list[Effect]:
        if call.kind is CallKind.TOTALS:
            self.phase = Phase.DONE
            return []
        if call.kind is CallKind.STOP_SESSION:
            return self._stopped(call, "lost by the server")
        session, self.session = self.session, None
        if session is not None and call.session_id not in {"", session.session_id}:
            self.session = session
            return []
        self.phase = Phase.UNREGISTERED if isinstance(error, NotRegistered) else Phase.REGISTERED
        self._known_session = None
        if session is None:
            return []
        return [
            SessionClosed(miner_id=self.spec.miner_id, session_id=session.session_id, cause=str(error)[:200]),
            self._notice(NoticeKind.SESSION_LOST, str(error)),
        ]

    def _stop_failed(self, call: Call) -> list[Effect]:
        """Stopping is tried three times, asking for totals twice; then the drain goes on without."""
        self._stops += 1
        if call.kind is CallKind.STOP_SESSION and self._stops >= 3:
            self._stops = 0
            return self._stopped(call, "not stopped: the server does not answer")
        if call.kind is CallKind.TOTALS and self._stops >= 2:
            self.phase = Phase.DONE
        return []

    # -- words ------------------------------------------------------------------------------------------------------

    def _computed(self, work: Work, message: ResultMessage) -> Notice:
        return Notice(
            kind=NoticeKind.COMPUTED,
            miner_id=self.spec.miner_id,
            job_id=work.job.job_id,
            job_type=work.job.job_type,
            worker=message.worker,
            compute_ms=message.compute_ms,
        )

    def _notice(self, kind: NoticeKind, text: str) -> Notice:
        return Notice(kind=kind, miner_id=self.spec.miner_id, text=text)

    def _anomaly(self, text: str, job_id: str = "") -> Notice:
        return Notice(kind=NoticeKind.ANOMALY, miner_id=self.spec.miner_id, text=text, job_id=job_id)

    def _failed(self, call: Call, error: CallError) -> Notice:
        return Notice(
            kind=NoticeKind.CALL_FAILED,
            miner_id=self.spec.miner_id,
            job_id=call.job_id,
            text=f"{call.kind.value}: {error}"[:300],
        )
