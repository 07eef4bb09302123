"""All miners of one server as a pure machine: events in, a turn out. Coordinator and simulation both drive it.

One file: each step of a turn changes the same queues.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable

from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.drain import Outlook
from fleet.coordinator.scheduling.open_jobs import OpenJobs
from fleet.coordinator.scheduling.reachability import Reachability
from fleet.coordinator.scheduling.timetable import Timetable
from fleet.coordinator.scheduling.workforce import Workforce
from fleet.domain.calls import CallKind, Reply, Urgency
from fleet.domain.checks import Checked
from fleet.domain.effects import Booked, Dispatch, Effect, JobMoved, JobOpened, Notice, NoticeKind
from fleet.domain.events import (
    BrokerEmptied,
    DrainBegun,
    DrainOver,
    Left,
    MinerEvent,
    Probe,
    Published,
    ServerIsBack,
    TimePassed,
)
from fleet.domain.saved_state import Prior
from fleet.domain.turn import NEVER, Turn
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.resends import Resends
from fleet.ratelimit.governor import Governor
from tasks.messages import Outcome, ResultMessage

#: the call that a miner is asked for, where it differs from its turn's urgency; None means any call
_ASKED = {Urgency.REOPENING: Urgency.OPENING, Urgency.LAST: None}


class Farm:
    """Schedules the calls of many miners by urgency and in turn, within the governor's budget."""

    def __init__(  # noqa: PLR0913 - the parts of a farm
        self,
        miners: Iterable[Miner],
        governor: Governor,
        find: Callable[[str], Prior | None],
        *,
        max_calls: int,
        max_at_workers: int,
        now: float,
        auto: AutoMiners,
        backoff: Backoff | None = None,
        beside: Workforce | None = None,
    ) -> None:
        """`beside` is the workforce of another server's farm, which shares the workers."""
        self.miners = {miner.spec.miner_id: miner for miner in miners}
        #: ids of miners that the settings no longer name: they finish, or have finished
        self.removed: set[str] = set()
        #: `auto` opens and closes sessions, or only measures the income where all miners stay open
        self.governor, self.auto = governor, auto
        # pauses differ between farms, but repeat for the same farm
        self.server = Reachability(self._callers, backoff or Backoff(), random.Random("".join(self.miners)), now)
        #: calls that may begin, and fetches without an answer yet
        self._free_calls, self._fetching = max_calls, 0
        self.jobs = OpenJobs(opened for miner in self.miners.values() for opened in miner.restored())
        self.workers = Workforce(self.jobs, max_at_workers, beside)
        self.timetable = Timetable(governor, len(self.miners), auto.seen.opens_singly)
        self._resends, self._turn, self._given_up, self._find = Resends(), Turn(), False, find
        for miner in self.miners.values():
            self.timetable.enter(miner, now)

    @property
    def in_use(self) -> dict[str, Miner]:
        """The miners that were opened, or have something in the ledger, by id."""
        return {
            miner_id: miner
            for miner_id, miner in self.miners.items()
            if miner_id in self.auto.used or miner.has_books or miner.account.booked
        }

    @property
    def draining(self) -> bool:
        """Whether the farm finishes its jobs and stops its sessions, to end."""
        return self.server.draining

    @property
    def done(self) -> bool:
        """Whether every miner has stopped after a drain."""
        return self.draining and all(miner.done for miner in self.miners.values())

    def on_reply(self, reply: Reply, now: float) -> None:
        """A call ended."""
        self._free_calls += 1
        self._fetching -= reply.call.kind is CallKind.FETCH
        self.governor.ended(reply, now)
        miner = self.miners[reply.call.spec.miner_id]
        self._tell(miner, reply, now)
        self.auto.ended(reply, miner, now)
        waits = now < miner.waits_until
        if reply.call.kind is CallKind.REGISTER and waits:
            self.timetable.left(miner)
        line, back = self.server.ended(reply, now, waits=waits)
        if line:
            self._warn(line)
        if back:
            # also one whose call is under way: if that fails, its wait is not that of the outage
            self._tell_all(ServerIsBack(), now)

    def on_result(self, message: ResultMessage, now: float) -> str:
        """A worker's attempt ended. Returns the type of its job; "" if it was not awaited, which drops the result."""
        job = self.jobs.get(message.job_id)
        if job is None:
            self._warn("a result that is not awaited", message.job_id)
            return ""
        awaited = job.awaits(message)
        arrived = self.workers.arrived(message, job, now, awaited=awaited, warn=self._warn)
        if awaited and message.outcome is Outcome.COMPUTED:
            self.auto.seen.computed(message.job_id, job.job_type, arrived.message.compute_ms, now)
        self._tell(self.miners[job.miner_id], arrived, now)
        return job.job_type if awaited else ""

    def _warn(self, text: str, job_id: str = "") -> None:
        """Print a warning that concerns no single miner."""
        self._turn.notices.append(Notice(kind=NoticeKind.ANOMALY, miner_id="", job_id=job_id, text=text))

    def on_published(self, word: Published, now: float) -> None:
        """The dispatcher has finished with a job."""
        miner = self.miners[word.miner_id]
        # its next call and its number of jobs at workers are unchanged
        self._sort(miner.on(word, now), now)
        if not word.published:
            self.timetable.enter(miner, now)

    def on_broker_emptied(self, now: float) -> None:
        """Redis came back without its data, so every job at the workers is dispatched again at once."""
        self._tell_all(BrokerEmptied(), now)

    def outlook(self, last_sending: float, now: float) -> Outlook:
        """When the limit has room for the open jobs, and how many can't be submitted before `last_sending`."""
        return Outlook.of(len(self.jobs), self._resends, self.governor, last_sending, now)

    def on_workers(self, now: float, *, present: bool, pausing: str = "") -> None:
        """Workers have come or gone, or all pause. Without any, no job is fetched; others that come wait here."""
        self._sort(self.workers.present(now, present=present, pausing=pausing), now)

    def pause_types(self, job_types: Collection[str], now: float) -> None:
        """Keep jobs of these types from the workers until a later call leaves their type out."""
        self._sort(self.workers.pause_types(job_types), now)

    def drain(self, now: float) -> None:
        """Stop fetching, finish the open jobs, then stop each session."""
        if not self.draining:
            self._sort(self.auto.advise(now, hosts=self.workers.able_hosts, at_end=True), now)
        self.server.draining = True
        self._tell_all(DrainBegun(), now)

    def give_up(self, now: float) -> None:
        """The drain took too long: end the open jobs and any that later answers leave open, and stop the sessions."""
        self._given_up = True
        self._tell_all(DrainOver(), now)

    def leave(self, reason: str, now: float) -> None:
        """Leave each miner that is not done as it is at the server; `reason` is recorded for each open session."""
        for miner in self.miners.values():
            if not miner.done:
                self._tell(miner, Left(reason), now)

    def turn(self, now: float, *, heartbeats_only: bool = False) -> Turn:
        """Run the timers that are due, start the calls that may be sent, and return everything that is to be done.

        With `heartbeats_only` every other call waits, since nothing can be written to the ledger before it.
        """
        for miner_ids, news in self.workers.news(now):
            for miner_id in miner_ids or self.miners:
                self._tell(self.miners[miner_id], news, now)
        self._look_at_income(now)
        for miner_id in self.timetable.queues.due(now):
            self._tell(self.miners[miner_id], TimePassed(), now)
        for miner_id, event in self.workers.decided():
            self._tell(self.miners[miner_id], event, now)
        self._ask_for_server(now)
        blocked_until = self._start_calls(now, heartbeats_only=heartbeats_only)
        if blocked_until < NEVER:
            self.server.last_answer_at = now
        if self.server.probe_at > -NEVER:
            self.server.probed(now)
            blocked_until = min(blocked_until, self.server.probe_at)
        self._turn.writes += filter(None, (self.governor.learnt(), self.server.ban_changed()))
        if self._given_up:
            orders = self._turn.dispatches
            self._turn.dispatches = [order for order in orders if order.message.job_id in self.jobs]
        turn, self._turn = self._turn, Turn()
        looks_at = NEVER if self.draining else self.auto.look_at
        turn.wake_at = min(blocked_until, self.timetable.queues.wakes_at, looks_at)
        return turn

    def _look_at_income(self, now: float) -> None:
        """Open and close sessions where that earns more."""
        if self.draining or now < self.auto.look_at:
            return
        changed, lines = self.auto.look(now, at_workers=self.workers.own_at_workers)
        self.requeue(changed, now)
        self._turn.notices += [Notice(kind=NoticeKind.EARNING, miner_id="", text=text) for text in lines]
        self._sort(self.auto.advise(now, hosts=self.workers.able_hosts), now)

    def requeue(self, changed: Iterable[Miner], now: float) -> None:
        """Queue miners that were opened or closed for their next calls."""
        for miner in changed:
            if miner.draining:
                self.timetable.left(miner)
            self.timetable.enter(miner, now)

    def _callers(self) -> list[str]:
        """The ids of the miners that make calls: all but those that are closed or paused."""
        return [one.spec.miner_id for one in self.miners.values() if one.in_session or not (one.done or one.paused)]

    def _prior(self, job_id: str) -> Prior | None:
        """The record of a job that a server assigns, from the open jobs or the ledger."""
        return self.jobs.prior(job_id) or self._find(job_id)

    def _ask_for_server(self, now: float) -> None:
        """Make sure that a miner makes the next call to an unavailable server when it is due."""
        if not -NEVER < self.server.probe_at <= now:
            return
        if self.timetable.all_held:
            waiting = (miner for miner in self.miners.values() if now < miner.waits_until < NEVER)
            for first in sorted(waiting, key=lambda miner: miner.waits_until)[:1]:
                self._tell(first, Probe(), now)

    def _start_calls(self, now: float, *, heartbeats_only: bool) -> float:
        """Start calls, the most urgent first. Returns when the governor has room for those that it holds back."""
        blocked_until = NEVER
        for urgency in Urgency:
            while self.timetable.queues.waits(urgency) and self._free_calls > 0:
                if heartbeats_only and urgency is not Urgency.HEARTBEAT:
                    return NEVER
                if now < self.server.free_at:
                    return self.server.free_at
                if (urgency is Urgency.FETCH and not self.workers.has_room) or self.timetable.holds(urgency, now):
                    break
                reserve = self._resends.needed(len(self.jobs) + self._fetching)
                free_at = self.governor.free_at(urgency, reserve, now)
                if free_at > now:
                    blocked_until = min(blocked_until, free_at)
                    if urgency is Urgency.OPENING:
                        # miners that have started share what is left of this part of the window
                        break
                    return blocked_until
                self._start(urgency, now)
        return blocked_until

    def _start(self, urgency: Urgency, now: float) -> None:
        miner_id = self.timetable.queues.take(urgency)
        if miner_id is None:
            return
        miner = self.miners[miner_id]
        begun = miner.begin(now, _ASKED.get(urgency, urgency))
        if begun is not None:
            call, effects = begun
            self.timetable.began(miner, call.kind)
            self.governor.sent(now, call.kind)
            self.auto.seen.began(call, now)
            self.server.sent(now)
            self._free_calls -= 1
            self._fetching += call.kind is CallKind.FETCH
            self._turn.calls.append(call)
            self._sort(effects, now)
        self.timetable.enter(miner, now)

    def _tell(self, miner: Miner, event: MinerEvent, now: float) -> None:
        self._sort(miner.on(event, now, self._prior), now)
        self.timetable.enter(miner, now)

    def _tell_all(self, event: MinerEvent, now: float) -> None:
        for miner in self.miners.values():
            self._tell(miner, event, now)

    def _sort(self, effects: Iterable[Effect], now: float) -> None:
        for effect in effects:
            if isinstance(effect, Notice):
                self._turn.notices.append(effect)
            elif isinstance(effect, Dispatch):
                if (order := self.workers.order(effect, now)) is not None:
                    self._turn.dispatches.append(order)
            elif isinstance(effect, Checked):
                self.workers.auditor.take(effect)
            else:
                self._turn.writes.append(effect)
                if isinstance(effect, JobOpened):
                    self.jobs.opened(effect)
                elif isinstance(effect, JobMoved):
                    if (ended := self.workers.moved(effect)) is not None:
                        self._resends.ended(ended.sends)
                elif isinstance(effect, Booked):
                    self.auto.seen.booked(effect.entry, now)
