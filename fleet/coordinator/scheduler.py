"""All miners of one server as a pure machine: events in, a turn out. Coordinator and simulation both drive it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from fleet.broker.bundling import BundlePace
from fleet.broker.host_tally import Hosts
from fleet.coordinator.auto_miners import AutoMiners
from fleet.coordinator.ban import Ban
from fleet.coordinator.drain import Outlook
from fleet.coordinator.outage import Outage
from fleet.coordinator.queues import Queues
from fleet.domain.calls import CallKind, Reply, Urgency
from fleet.domain.effects import Dispatch, Effect, Notice, NoticeKind
from fleet.domain.events import (
    BrokerEmptied,
    DrainBegun,
    DrainOver,
    Left,
    MinerEvent,
    Probe,
    Published,
    ResultArrived,
    ServerIsBack,
    TimePassed,
)
from fleet.domain.saved_state import Prior
from fleet.domain.turn import NEVER, Turn
from fleet.errors import SERVER_AWAY, Banned, CallError, NoAnswer, RateLimited, Unreachable
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.resends import Resends
from fleet.miner.strikes import avoided
from fleet.ratelimit.governor import Governor
from fleet.ratelimit.openings import Openings
from tasks.messages import JobMessage, Outcome, ResultMessage

#: the call that a miner is asked for, where it differs from its turn's urgency; None means any call
_ASKED = {Urgency.REOPENING: Urgency.OPENING, Urgency.LAST: None}


class Farm:
    """Schedules the calls of many miners by urgency and in turn, within the governor's budget."""

    def __init__(
        self,
        miners: Iterable[Miner],
        governor: Governor,
        find: Callable[[str], Prior | None],
        *,
        max_calls: int,
        max_at_workers: int,
        now: float,
        backoff: Backoff | None = None,
        auto: AutoMiners | None = None,
    ) -> None:
        self.miners = {miner.spec.miner_id: miner for miner in miners}
        self.governor = governor
        self.draining = False
        #: opens and closes sessions; None where all miners stay open
        self.auto = auto
        #: when the server last answered, or the limit last held a call back
        self.heard_at = now
        #: since when no worker takes jobs; None while one does
        self.no_worker_since: float | None = None
        #: jobs to dispatch once a worker takes them, by job id
        self._held: dict[str, Dispatch] = {}
        self._given_up = False
        self._find = find
        self._free_calls = max_calls
        self._max_at_workers = max_at_workers
        #: number of fetches without an answer yet
        self._fetching = 0
        self._owners = {job_id: miner for miner in self.miners.values() for job_id in miner.jobs}
        self._at_workers = sum(work.at_workers for miner in self.miners.values() for work in miner.jobs.values())
        self._queues = Queues()
        self._openings = Openings()
        self._pace = BundlePace()
        # pauses differ between farms, but repeat for the same farm
        jitter = random.Random("".join(self.miners))
        self._outage = Outage(len(self.miners), backoff or Backoff(), jitter, now)
        self._ban = Ban()
        self._resends = Resends()
        self._hosts = Hosts()
        #: hosts with a worker that can compute, as of the last turn or result
        self._able: frozenset[str] = frozenset()
        self._turn = Turn()
        for miner in self.miners.values():
            self._schedule(miner, now)

    @property
    def in_use(self) -> dict[str, Miner]:
        """The miners that were opened, or have something in the ledger, by id."""
        used = None if self.auto is None else self.auto.used
        return {
            miner_id: miner
            for miner_id, miner in self.miners.items()
            if used is None or miner_id in used or miner.has_books or miner.purse.booked
        }

    @property
    def at_workers(self) -> int:
        """Number of jobs whose result is awaited."""
        return self._at_workers

    @property
    def open_jobs(self) -> int:
        """Number of jobs that may still be paid."""
        return len(self._owners)

    @property
    def left_out(self) -> int:
        """Number of miners that are not started, since the limit has no room for their heartbeats."""
        return 0 if self._openings.has_room(self.governor) else len(self.miners) - self._openings.inside

    @property
    def server_away(self) -> bool:
        """Whether the server is taken to be unavailable."""
        return self._outage.known

    @property
    def done(self) -> bool:
        """Whether every miner has stopped after a drain."""
        return self.draining and all(miner.done for miner in self.miners.values())

    def on_reply(self, reply: Reply, now: float) -> None:
        """A call ended."""
        self._free_calls += 1
        self._fetching -= reply.call.kind is CallKind.FETCH
        if isinstance(reply.outcome, RateLimited):
            self.governor.rate_limited(reply.outcome.retry_after_s, reply.sent_at, now)
        elif isinstance(reply.outcome, CallError):
            self.governor.failed()
        else:
            self.governor.answered(reply.sent_at, reply.answered_at, now)
        if not isinstance(reply.outcome, NoAnswer | Unreachable):
            self.heard_at = now
        miner = self.miners[reply.call.spec.miner_id]
        self._tell(miner, reply, now)
        if self.auto is not None:
            self.auto.heard(reply, miner, now)
        if reply.call.kind is CallKind.REGISTER and now < miner.waits_until:
            self._openings.failed(miner.spec.miner_id)
        if isinstance(reply.outcome, Banned):
            self._banned(reply.outcome, reply.sent_at, now)
        elif not isinstance(reply.outcome, SERVER_AWAY):
            self._answered(reply.sent_at, now)
        elif now < miner.waits_until:
            self._outage.failed(miner.spec.miner_id, now)

    def _banned(self, error: Banned, sent_at: float, now: float) -> None:
        """The server refuses this address: one line when that begins, and no call until it is over."""
        if self._ban.refused(error, sent_at, now):
            self._warn(f"{error}: {self._ban.words(now)}; results are kept")

    def banned(self, now: float) -> str:
        """Why the server is not called: it has banned this address. Empty where it has not."""
        return self._ban.words(now)

    def _answered(self, sent_at: float, now: float) -> None:
        """The server answered; if that ends a ban or an outage, no miner waits any longer."""
        unbanned = self._ban.answered(sent_at, now)
        if unbanned:
            self._warn("the server takes calls from this address again")
        if self._outage.answered(now) or unbanned:
            for miner in self.miners.values():
                if now < miner.waits_until:
                    self._tell(miner, ServerIsBack(), now)

    def on_result(self, message: ResultMessage, now: float) -> None:
        """A worker's attempt ended. A result for a job that is not open here is counted and dropped."""
        miner = self._owners.get(message.job_id)
        if miner is None:
            self._warn("a result that is not awaited", message.job_id)
            return
        work = miner.jobs[message.job_id]
        if work.awaits(message) and message.outcome is Outcome.COMPUTED:
            self._pace.computed(work.job.job_type, message.compute_ms)
            if self.auto is not None:
                self.auto.seen.computed(message.job_id, message.compute_ms, now)
            if message.attempt == work.attempt and work.ordered_at is not None:
                self._pace.waited(now - work.ordered_at - message.compute_ms / 1000)
        if work.awaits(message):
            self._heard_of_host(message, work.job.job_type, now)
        self._tell(miner, ResultArrived(message=message, able=self._able), now)

    def _heard_of_host(self, message: ResultMessage, job_type: str, now: float) -> None:
        warning = self._hosts.ended(message, job_type, now)
        self._able = self._hosts.able(now)
        if warning is not None:
            self._warn(warning)

    def _warn(self, text: str, job_id: str = "") -> None:
        """Tell the operator of something that is no single miner's affair."""
        self._turn.notices.append(Notice(kind=NoticeKind.ANOMALY, miner_id="", job_id=job_id, text=text))

    def on_published(self, word: Published, now: float) -> None:
        """The dispatcher has finished with a job."""
        miner = self.miners[word.miner_id]
        # its next call and its number of jobs at workers are unchanged
        self._sort(miner.on(word, now))
        if not word.published:
            self._schedule(miner, now)

    def on_broker_emptied(self, now: float) -> None:
        """Redis came back without its data, so every job at the workers is dispatched again at once."""
        for miner in self.miners.values():
            self._tell(miner, BrokerEmptied(), now)

    def outlook(self, last_sending: float, now: float) -> Outlook:
        """When the limit has room for the open jobs, and how many can't be submitted before `last_sending`."""
        return Outlook.of(len(self._owners), self._resends, self.governor, last_sending, now)

    def on_workers(self, now: float, *, present: bool) -> None:
        """Workers have come or gone. Without any, no job is fetched, and jobs that come unasked wait here."""
        if not present:
            self.no_worker_since = now if self.no_worker_since is None else self.no_worker_since
            return
        self.no_worker_since = None
        held, self._held = self._held, {}
        for job_id, order in held.items():
            owner = self._owners.get(job_id)
            if owner is not None and owner.jobs[job_id].waits_for(order.message):
                self._sort([order])

    def drain(self, now: float) -> None:
        """Stop fetching, finish the open jobs, then stop each session."""
        if self.auto is not None and not self.draining:
            self._sort(self.auto.advise(now, hosts=len(self._able), at_end=True))
        self.draining = True
        for miner in self.miners.values():
            self._tell(miner, DrainBegun(), now)

    def give_up(self, now: float) -> None:
        """The drain took too long: end the open jobs and any that later answers leave open, and stop the sessions."""
        self._given_up = True
        for miner in self.miners.values():
            self._tell(miner, DrainOver(), now)

    def leave(self, reason: str, now: float) -> None:
        """Leave each miner that is not done as it is at the server; `reason` is said of each open session."""
        for miner in self.miners.values():
            if not miner.done:
                self._tell(miner, Left(reason), now)

    def turn(self, now: float, *, heartbeats_only: bool = False) -> Turn:
        """Run the timers that are due, start the calls that may be sent, and return everything that was asked for.

        With `heartbeats_only` every other call waits, since nothing can be written to the ledger before it.
        """
        if self._given_up:
            self._end_leftovers(now)
        self._able = self._hosts.able(now)
        self._look_at_income(now)
        for miner_id in self._queues.due(now):
            miner = self.miners[miner_id]
            self._tell(miner, TimePassed(), now)
        self._ask_for_server(now)
        blocked_until = self._start_calls(now, heartbeats_only=heartbeats_only)
        self.heard_at = now if blocked_until < NEVER else self.heard_at
        if self._asks_as_one:
            if self._outage.asks_at <= now:
                self._outage.asked(now)
            blocked_until = min(blocked_until, self._outage.asks_at)
        learnt = self.governor.learnt()
        if learnt is not None:
            self._turn.writes.append(learnt)
        turn, self._turn = self._turn, Turn()
        turn.wake_at = min(blocked_until, self._queues.wakes_at)
        if self.auto is not None and not self.draining:
            turn.wake_at = min(turn.wake_at, self.auto.look_at)
        return turn

    def _look_at_income(self, now: float) -> None:
        """Open and close sessions where that earns more."""
        if self.auto is None or self.draining or now < self.auto.look_at:
            return
        changed, lines = self.auto.look(now)
        for miner in changed:
            if miner.draining:
                self._openings.failed(miner.spec.miner_id)
            self._schedule(miner, now)
        self._turn.notices += [Notice(kind=NoticeKind.EARNING, miner_id="", text=text) for text in lines]
        self._sort(self.auto.advise(now, hosts=len(self._able)))

    def _end_leftovers(self, now: float) -> None:
        """After the drain was given up, end jobs left over from a failed submission or an answered fetch."""
        for miner in self.miners.values():
            if not all(work.submission.in_flight for work in miner.jobs.values()):
                self._tell(miner, DrainOver(), now)
        self._turn.dispatches = [order for order in self._turn.dispatches if order.message.job_id in self._owners]

    def _prior(self, job_id: str) -> Prior | None:
        """The record of a job that a server assigns, from the open jobs or the ledger."""
        owner = self._owners.get(job_id)
        work = None if owner is None else owner.jobs.get(job_id)
        if owner is None or work is None:
            return self._find(job_id)
        return Prior(state=work.state, attempt=work.attempt, miner_id=owner.spec.miner_id, loss=work.loss)

    @property
    def _workers_have_room(self) -> bool:
        return self.no_worker_since is None and self._at_workers < self._max_at_workers

    @property
    def _asks_as_one(self) -> bool:
        """Whether the server is unavailable, so that one call at a time probes it. A drain is not held up."""
        return self._outage.known and not self.draining

    def _ask_for_server(self, now: float) -> None:
        """Make sure that a miner makes the next call to an unavailable server when it is due."""
        if not self._asks_as_one or now < self._outage.asks_at:
            return
        held = {Urgency.FETCH} if self._openings.has_room(self.governor) else {Urgency.FETCH, Urgency.OPENING}
        if self._queues.only(held):
            waiting = (miner for miner in self.miners.values() if now < miner.waits_until < NEVER)
            first = min(waiting, key=lambda miner: miner.waits_until, default=None)
            if first is not None:
                self._tell(first, Probe(), now)

    def _start_calls(self, now: float, *, heartbeats_only: bool) -> float:
        """Start the calls that may be sent, most urgent first.

        Returns when the governor has room for the calls that it holds back.
        """
        blocked_until = NEVER
        for urgency in Urgency:
            while self._queues.waits(urgency) and self._free_calls > 0:
                if heartbeats_only and urgency is not Urgency.HEARTBEAT:
                    return NEVER
                if now < self._ban.free_at:
                    return self._ban.free_at
                if self._asks_as_one and now < self._outage.asks_at:
                    return self._outage.asks_at
                if urgency is Urgency.FETCH and not self._workers_have_room:
                    break
                if urgency is Urgency.OPENING and not self._openings.has_room(self.governor):
                    break
                reserve = self._resends.needed(len(self._owners) + self._fetching)
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
        miner_id = self._queues.take(urgency)
        if miner_id is None:
            return
        miner = self.miners[miner_id]
        begun = miner.begin(now, _ASKED.get(urgency, urgency))
        if begun is not None:
            call, effects = begun
            if call.kind is CallKind.REGISTER:
                self._openings.began(call.spec.miner_id)
            self.governor.sent(now, call.kind)
            if self.auto is not None:
                self.auto.seen.began(call)
            if self._outage.known:
                self._outage.asked(now)
            self._ban.sent(now)
            self._free_calls -= 1
            self._fetching += call.kind is CallKind.FETCH
            self._turn.calls.append(call)
            self._sort(effects)
        self._schedule(miner, now)

    def _tell(self, miner: Miner, event: MinerEvent, now: float) -> None:
        before = dict(miner.jobs)
        waiting = sum(work.at_workers for work in miner.jobs.values())
        effects = miner.on(event, now, self._prior)
        if self.auto is not None:
            self.auto.seen.booked(effects, now)
        self._sort(effects)
        for job_id in before.keys() - miner.jobs.keys():
            del self._owners[job_id]
            self._resends.ended(before[job_id].sends)
            self._held.pop(job_id, None)
        for job_id in miner.jobs.keys() - before.keys():
            self._owners[job_id] = miner
        self._at_workers += sum(work.at_workers for work in miner.jobs.values()) - waiting
        self._schedule(miner, now)

    def _sort(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Notice):
                self._turn.notices.append(effect)
            elif isinstance(effect, Dispatch) and self.no_worker_since is not None:
                self._held[effect.message.job_id] = effect
            elif isinstance(effect, Dispatch):
                expected_ms = self._pace.expected_ms(effect.message.job_type)
                order = replace(effect, expected_ms=expected_ms, hold_s=self._pace.hold_s(self._at_workers))
                self._turn.dispatches.append(replace(order, avoid=self._avoided(order.message)))
            else:
                self._turn.writes.append(effect)

    def _avoided(self, message: JobMessage) -> tuple[str, ...]:
        """The hosts that must leave this attempt to others."""
        owner = self._owners.get(message.job_id) if message.attempt > 1 else None
        work = None if owner is None else owner.jobs.get(message.job_id)
        return () if work is None else avoided(work, self._able)

    def _schedule(self, miner: Miner, now: float) -> None:
        """Queue the miner for its most urgent call that is due, or set a timer for the next one."""
        miner_id = miner.spec.miner_id
        urgency, at, outranked_at = miner.agenda(now)
        urgency = self._openings.urgency(miner_id, urgency)
        if at <= now:
            share_at = miner.share.free_at(self.governor.limit / self.governor.miners, self.governor.window_s, now)
            if share_at > now and urgency is not Urgency.HEARTBEAT:
                urgency, outranked_at = Urgency.LAST, min(outranked_at, share_at)
            self._queues.put(miner_id, urgency)
            # a call that is held up must not delay a more urgent one that falls due meanwhile
            at = outranked_at
        else:
            self._queues.drop(miner_id)
        self._queues.wake(miner_id, min(at, miner.wakes_at), now)
