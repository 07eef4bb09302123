"""Feeds the income meter: what jobs pay, how long they take, how many sessions are open. Pure."""

from __future__ import annotations

from fleet.domain.amounts import EntryKind
from fleet.domain.answers import HeartbeatAnswer, Receipt, RewardTerms, SessionStart
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.free_jobs import FreeJobTerms
from fleet.domain.jobs import Entry, Job
from fleet.earning.meter import Meter
from fleet.errors import JobCompleted, NotRegistered
from fleet.miner.miner import Miner

#: jobs whose times are kept at once; a job beyond them is not measured
_MOST_TIMED = 4_096
#: seconds between two requests for the server's reward rule, and until the next one after a useless answer
_TERMS_EVERY_S, _ASK_AGAIN_S = 600.0, 30.0
#: seconds without a session opened or closed before that request
_STEADY_S = 2.0
#: number of sessions that are opened one after another, and how long each of them may take, in seconds
_SINGLY, _LONGEST_OPENING_S = 4, 2.0
#: calls that change how many sessions the server counts
_CHANGES = frozenset({CallKind.START_SESSION, CallKind.STOP_SESSION})


class IncomeObserver:
    """Passes observations that belong to a known number of sessions on to `meter`."""

    def __init__(self, meter: Meter, now: float) -> None:
        self._meter = meter
        #: ids of the miners whose sessions the server counts
        self.open_miners: set[str] = set()
        #: since when the number of our sessions has been what it is
        self.steady_since = now
        #: calls under way that change it, and when the last one was started
        self._changing = 0
        self._changes_since = now
        #: when the server last did not know a miner that had registered
        self._forgot_at = float("-inf")
        #: whether answers to heartbeats state what they pay; None before the first
        self._beats_state_pay: bool | None = None
        #: what a job that comes without a fetch must state to be taken
        self.free_terms = FreeJobTerms()
        #: when the server is next asked for its reward rule
        self._terms_at = now
        #: job id → duration of its fetch (0 without one), when it arrived, when its result arrived, kernel time; in s
        self._times: dict[str, list[float]] = {}

    @property
    def own(self) -> int:
        """Number of our sessions that the server counts."""
        return len(self.open_miners)

    def began(self, call: Call, now: float) -> None:
        """A call was started."""
        if call.kind in _CHANGES:
            self._changing += 1
            self._changes_since = now
        self._meter.sent(submission=call.kind is CallKind.SUBMIT)

    def ended(self, reply: Reply, miner: Miner, now: float) -> None:
        """A call ended, and its miner has processed it."""
        kind, outcome = reply.call.kind, reply.outcome
        if kind in _CHANGES:
            self._changing -= 1
            if isinstance(outcome, NotRegistered):
                self._forgot_at = now
        self._count(miner, now)
        match outcome:
            case Job():
                self._fetched(outcome, reply)
            case SessionStart(initial_job=Job() as job):
                self._assigned(job, reply)
                if self._changing == 0:
                    self._meter.priced(job.job_type, job.reward, own=self.own, active=job.active_miners)
            case HeartbeatAnswer():
                self._beaten(outcome, reply)
            case Receipt(accepted=True) | JobCompleted():
                self._submitted(reply)

    def opens_singly(self, now: float) -> bool:
        """Whether no other session should be opened now, so that the first job of this one shows what it takes away.

        That is so for the first few sessions, unless the server takes long to open one. A server that has forgotten one
        miner has forgotten all of them: if they came back one after another, the farm would be idle meanwhile.
        """
        recent = now - self._changes_since < _LONGEST_OPENING_S
        return recent and self._changing > 0 and self.own < _SINGLY and now - self._forgot_at >= _LONGEST_OPENING_S

    def terms_due(self, now: float) -> bool:
        """Whether the server should be asked for its reward rule: rarely, and while no session opens or closes."""
        steady = bool(self.open_miners) and not self._changing and now - self.steady_since >= _STEADY_S
        return steady and now >= self._terms_at

    def terms_asked(self, now: float) -> None:
        """The server is asked for its reward rule; not every release answers."""
        self._terms_at = now + _TERMS_EVERY_S

    def terms(self, terms: RewardTerms, asked_at: float) -> None:
        """The server stated its reward rule, in answer to a request of `asked_at`.

        The answer also shows the number of strangers, unless sessions were opened or closed meanwhile. Then the request
        is repeated.
        """
        steady = bool(self.open_miners) and not self._changing and asked_at >= self.steady_since
        sure = terms.active_miners is not None and steady
        strangers = max((terms.active_miners or 0) - self.own, 0) if sure else None
        self._meter.terms(terms, strangers=strangers)
        if terms.active_miners is not None and not sure:
            self._terms_at = asked_at + _ASK_AGAIN_S

    def computed(self, job_id: str, job_type: str, compute_ms: float, now: float) -> None:
        """A job's result arrived; its kernel took `compute_ms`."""
        self._meter.compute.add(job_type, compute_ms / 1000, now)
        times = self._times.get(job_id)
        if times is not None:
            times[2:] = now, compute_ms / 1000
            self._meter.away(max(now - times[1] - times[3], 0.0))

    def booked(self, entry: Entry, now: float) -> None:
        """Count a payment, as a completed job or as heartbeat pay."""
        if entry.kind is EntryKind.JOB:
            self._meter.done(now)
        elif entry.kind is EntryKind.HEARTBEAT and self._beats_state_pay is False:
            self._meter.bonus(entry.amount)

    def look(self) -> None:
        """Forget the times of jobs that never ended, once there are many."""
        if len(self._times) >= _MOST_TIMED:
            self._times.clear()

    def _count(self, miner: Miner, now: float) -> None:
        miner_id = miner.spec.miner_id
        if miner.in_session != (miner_id in self.open_miners):
            self.open_miners ^= {miner_id}
            self.steady_since = now

    def _exact(self, reply: Reply) -> bool:
        """Whether the number of our sessions was the same all through this call."""
        return not self._changing and reply.sent_at >= self.steady_since and bool(self.open_miners)

    def _fetched(self, job: Job, reply: Reply) -> None:
        if self._exact(reply):
            self._meter.priced(job.job_type, job.reward, own=self.own, active=job.active_miners)
        self._assigned(job, reply, fetch_s=reply.answered_at - reply.sent_at)

    def _assigned(self, job: Job, reply: Reply, fetch_s: float = 0.0) -> None:
        if len(self._times) < _MOST_TIMED:
            self._times[job.job_id] = [fetch_s, reply.answered_at, 0.0, 0.0]

    def _beaten(self, answer: HeartbeatAnswer, reply: Reply) -> None:
        job, self._beats_state_pay = answer.next_job, answer.reward is not None
        taken = job is not None and self.free_terms.refusal(job) is None
        self._meter.beat(answer.reward, own=self.own, free_job=taken)
        if job is not None:
            self._assigned(job, reply)
            if self._exact(reply):
                self._meter.priced(job.job_type, job.reward, own=self.own, active=job.active_miners)

    def _submitted(self, reply: Reply) -> None:
        times = self._times.pop(reply.call.job_id, None)
        if times is not None and times[0] and times[2] and self.own:
            fetch_s, answered_at, computed_at, kernel_s = times
            submit_s, away_s = reply.answered_at - reply.sent_at, computed_at - answered_at
            waited_s, now = max(away_s - kernel_s, 0.0), reply.answered_at
            self._meter.cycle(fetch_s + away_s + submit_s, own=self.own, now=now, waited_s=waited_s)
