"""Learns a farm's income, and opens and closes its sessions so that it is highest. Pure.

Sessions are opened a few at a time, the next ones once the last ones are answered. So the first job of each new session
shows what jobs pay at that number of sessions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fleet.domain.amounts import EntryKind
from fleet.domain.calls import Call, CallKind, Reply
from fleet.domain.effects import Booked, Effect
from fleet.domain.events import DrainBegun, Reopened
from fleet.domain.jobs import HeartbeatAnswer, Job, Receipt, SessionStart
from fleet.earning.controller import LOOK_EVERY_S, Controller
from fleet.earning.meter import Meter
from fleet.earning.model import IncomeModel
from fleet.errors import JobCompleted
from fleet.miner.miner import Miner
from fleet.ratelimit.governor import Governor

#: share of the open sessions that may be opened at once
_AT_ONCE = 0.25
#: jobs whose times are kept at once; a job beyond them is not measured
_MOST_TIMED = 4_096
#: calls that change how many sessions the server counts
_CHANGES = frozenset({CallKind.START_SESSION, CallKind.STOP_SESSION})


class AutoMiners:
    """Tells the meter what was seen, and follows the controller. `pinned` miners stay open.

    Sessions that an earlier coordinator left open are where it begins. With `follows` false, all miners stay open and
    the income is only learnt.
    """

    def __init__(
        self,
        miners: Iterable[Miner],
        governor: Governor,
        *,
        pinned: Collection[str],
        heartbeat_s: float,
        now: float,
        follows: bool = True,
    ) -> None:
        self._miners = list(miners)
        self._governor = governor
        self._pinned = frozenset(pinned)
        self.meter = Meter(heartbeat_s=heartbeat_s)
        self.meter.limit(governor.limit, governor.window_s)
        #: whether sessions are opened and closed
        self.follows = follows
        least = len(self._pinned) if follows else len(self._miners)
        self.controller = Controller(self.meter, least=least, most=len(self._miners), now=now)
        #: the miners whose sessions the server counts, and since when no call was under way that changes it
        self._in_session: set[str] = set()
        self._steady_since = now
        self._changing = 0
        #: whether answers to heartbeats state what they pay; None before the first
        self._beats_state_pay: bool | None = None
        #: when the number is looked at next
        self.look_at = now
        #: job id → seconds of its fetch, when its answer came, and when its result came
        self._times: dict[str, list[float]] = {}
        #: ids of miners that were open at any time
        self.used: set[str] = {miner.spec.miner_id for miner in self._miners if not follows or miner.left_open}
        if follows:
            for miner in self._miners:
                if not miner.left_open:
                    miner.on(DrainBegun(), now)
            self.controller.begin(len(self.used))
            self._follow(max(len(self.used), 1), now)

    @property
    def own(self) -> int:
        """Number of our sessions that the server counts."""
        return len(self._in_session)

    @property
    def model(self) -> IncomeModel:
        """What is known of the server's pay."""
        return self.controller.model

    # -- observations ------------------------------------------------------------------------------------------------

    def began(self, call: Call) -> None:
        """A call was started."""
        self._changing += call.kind in _CHANGES
        self.meter.sent(submission=call.kind is CallKind.SUBMIT)

    def heard(self, reply: Reply, miner: Miner, now: float) -> None:
        """A call ended, and its miner has taken it in."""
        kind, outcome = reply.call.kind, reply.outcome
        if kind in _CHANGES:
            self._changing -= 1
        self._count(miner, now)
        match outcome:
            case Job():
                self._fetched(outcome, reply)
            case SessionStart(initial_job=Job() as job) if self._changing == 0:
                self.meter.priced(job.job_type, job.reward, own=self.own, active=job.active_miners)
            case HeartbeatAnswer():
                self._beaten(outcome, reply)
            case Receipt(accepted=True) | JobCompleted():
                self._submitted(reply)

    def computed(self, job_id: str, now: float) -> None:
        """The result of a job came from a worker."""
        times = self._times.get(job_id)
        if times is not None:
            times[2] = now

    def booked(self, effects: Iterable[Effect], now: float) -> None:
        """Payments among the effects count as jobs done, or as what a heartbeat paid."""
        for effect in effects:
            if isinstance(effect, Booked):
                if effect.entry.kind is EntryKind.JOB:
                    self.meter.done(now)
                elif effect.entry.kind is EntryKind.HEARTBEAT and self._beats_state_pay is False:
                    self.meter.bonus(effect.entry.amount)

    def _count(self, miner: Miner, now: float) -> None:
        miner_id = miner.spec.miner_id
        if (miner.session is not None) != (miner_id in self._in_session):
            self._in_session ^= {miner_id}
            self._steady_since = now

    def _exact(self, reply: Reply) -> bool:
        """Whether the number of our sessions was the same all through this call."""
        return not self._changing and reply.sent_at >= self._steady_since and bool(self._in_session)

    def _fetched(self, job: Job, reply: Reply) -> None:
        if self._exact(reply):
            self.meter.priced(job.job_type, job.reward, own=self.own, active=job.active_miners)
        if len(self._times) < _MOST_TIMED:
            self._times[job.job_id] = [reply.answered_at - reply.sent_at, reply.answered_at, 0.0]

    def _beaten(self, answer: HeartbeatAnswer, reply: Reply) -> None:
        job, self._beats_state_pay = answer.next_job, answer.reward is not None
        self.meter.beat(answer.reward, own=self.own, free_job=job is not None)
        if job is not None and self._exact(reply):
            self.meter.priced(job.job_type, job.reward, own=self.own, active=job.active_miners)

    def _submitted(self, reply: Reply) -> None:
        times = self._times.pop(reply.call.job_id, None)
        if times is not None and times[2] and self.own:
            fetch_s, answered_at, computed_at = times
            submit_s = reply.answered_at - reply.sent_at
            self.meter.cycle(fetch_s + computed_at - answered_at + submit_s, own=self.own)

    # -- decisions ---------------------------------------------------------------------------------------------------

    def look(self, now: float) -> tuple[list[Miner], list[str]]:
        """The miners that were opened or closed, and lines for the operator. Call it at `look_at`."""
        self.look_at = now + LOOK_EVERY_S
        self.meter.limit(self._governor.limit, self._governor.window_s)
        per_minute = self._governor.limit * 60 / self._governor.window_s
        decision = self.controller.look(self.own, now, requests_per_minute=per_minute)
        if len(self._times) >= _MOST_TIMED:
            self._times.clear()
        if not self.follows:
            return [], list(decision.notices)
        changed = self._follow(decision.target, now)
        self._governor.keeps(max(sum(not miner.done for miner in self._miners), 1))
        return changed, list(decision.notices)

    def _follow(self, target: int, now: float) -> list[Miner]:
        wanted = [miner for miner in self._miners if not miner.draining]
        if len(wanted) > target:
            spare = [miner for miner in wanted if miner.spec.miner_id not in self._pinned]
            # the ones that opened last are the first to close
            closing = spare[::-1][: len(wanted) - target]
            for miner in closing:
                miner.on(DrainBegun(), now)
            return closing
        waiting = sum(miner.session is None for miner in wanted)
        room = max(1, int(self.own * _AT_ONCE)) - waiting
        opening = sorted(
            (miner for miner in self._miners if miner.draining and miner.done),
            key=lambda miner: miner.spec.miner_id not in self._pinned,
        )[: max(min(target - len(wanted), room), 0)]
        for miner in opening:
            miner.on(Reopened(), now)
            self.used.add(miner.spec.miner_id)
        return opening
