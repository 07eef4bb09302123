"""The coordinator's main loop: feeds events to the farm and carries out its decisions.

A turn collects events, lets the farm decide, commits its writes, then dispatches, acknowledges and calls. Nothing takes
effect before it is in the ledger, and no result leaves Redis before it is there. While a commit takes long, turns
continue with heartbeats alone, which need no ledger entry; the decisions of these turns are written with the next
commit.

One file: the order of a turn is read in one place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from fleet.broker.lease import LeaseLost
from fleet.broker.presence import Workers
from fleet.broker.refusals import BrokerRefusal
from fleet.broker.results import BrokerState, Results
from fleet.coordinator.alive_file import AliveFile
from fleet.coordinator.calls import NETWORK_REQUESTS, ServerCalls
from fleet.coordinator.drain import Drain
from fleet.coordinator.inbox import Event, Inbox, Network, Stop, TermsStated
from fleet.coordinator.observers import Observer, Observers
from fleet.coordinator.pending import Bookkeeping, Pending, TurnEffects
from fleet.coordinator.scheduler import Farm
from fleet.coordinator.watcher import Watcher
from fleet.domain.calls import Reply, Urgency, job_given
from fleet.domain.effects import Dispatch, Notice, NoticeKind, Write
from fleet.domain.events import AbandonedSessionStopped, Published
from fleet.domain.saved_state import AbandonedSession
from fleet.errors import RedisHeld
from fleet.miner.abandoned import closing_rows
from fleet.server.prospect import Prospect

_MAX_WAIT_S = 0.5
#: how long to wait for a last commit after the end of a drain, in seconds
_LAST_COMMIT_S = 15.0


class Broker(Protocol):
    """Dispatches jobs and acknowledges results."""

    def dispatch(self, order: Dispatch) -> None:
        """Publish a job soon."""

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """Remove results from the stream."""


class Coordinator:
    """Runs a farm until it is drained.

    Raises LedgerError when a turn can't be written, and RedisHeld when another coordinator takes over this Redis;
    nothing is sent after that.
    """

    def __init__(  # noqa: PLR0913 - every part comes from outside, by name
        self,
        *,
        farm: Farm,
        books: Bookkeeping,
        calls: ServerCalls,
        broker: Broker,
        watcher: Watcher,
        observer: Observer | None = None,
        alive_file: AliveFile | None = None,
        inbox: Inbox,
        drain_s: float,
        call_deadline_s: float = 15.0,
        network_every_s: float,
        prospect: Prospect | None = None,
        abandoned: Sequence[AbandonedSession] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._farm = farm
        self._books = books
        self._calls = calls
        self._broker = broker
        self._watcher = watcher
        self._observer, self._alive_file = observer or Observers(), alive_file
        self._inbox = inbox
        self._drain_s, self._call_deadline_s = drain_s, call_deadline_s
        self._network_every_s = network_every_s
        self._prospect = prospect
        self._network_at = clock()
        self._clock = clock
        #: whether it was stopped from outside
        self.asked_to_stop = False
        #: decides when open jobs and farewells are given up; None before the drain
        self._drain: Drain | None = None
        self._wake_at = clock()
        self._acknowledged: list[bytes] = []
        self._abandoned = abandoned
        self._pending = Pending(books, self._do, watcher.ledger)
        #: replies that wait until the ledger can be read for their job
        self._unread: list[Reply] = []

    def run(self, stop_at: float | None = None) -> None:
        """Mine until a Stop arrives or the clock passes `stop_at`, then drain."""
        if not self._farm.server.banned(self._clock()):
            self._calls.stop_sessions(self._abandoned)
        while not (self._farm.done and not self._pending.late):
            taken = self._inbox.take(min(self._wake_at - self._clock(), _MAX_WAIT_S))
            unread, self._unread = self._unread, []
            for reply in unread:
                self._feed(reply, self._clock())
            for event in taken:
                now = self._clock()
                self._observer.saw(event, self._farm, now)
                self._feed(event, now)
            now = self._clock()
            if stop_at is not None and now >= stop_at and not self._farm.draining:
                self._feed(Stop("time limit reached", asked=False), now)
            self._check_prospect(now)
            if self._drain is not None and now >= self._drain.give_up_at:
                self._check_drain(self._drain, now)
            self._carry_out(now)

    def _feed(self, event: Event, now: float) -> None:
        """Process an event. After a `Written`, the next turn carries out the effects that waited for the commit."""
        match event:
            case Reply():
                self._on_reply(event, now)
            case Results():
                self._on_results(event, now)
            case Published():
                self._farm.on_published(event, now)
            case BrokerState() | BrokerRefusal() | Workers() | LeaseLost():
                self._on_broker(event, now)
            case Network():
                self._watcher.network(event)
            case TermsStated():
                self._on_terms(event, now)
            case AbandonedSessionStopped():
                self._on_session_stopped(event, now)
            case Stop():
                self._stop(event, now)

    def _on_session_stopped(self, stopped: AbandonedSessionStopped, now: float) -> None:
        self._farm.governor.sent(now, awaited=False)
        for effect in closing_rows(stopped):
            if isinstance(effect, Notice):
                self._watcher.notice(effect)
            elif isinstance(effect, Write):
                self._pending.writes.append(effect)

    def _on_broker(self, news: BrokerState | BrokerRefusal | Workers | LeaseLost, now: float) -> None:
        if isinstance(news, LeaseLost):
            raise RedisHeld(f"this Redis was taken over by {news.holder}; jobs and sessions are left as they are")
        if isinstance(news, Workers):
            self._farm.on_workers(now, present=news.present)
            return
        self._watcher.broker(news)
        if isinstance(news, BrokerState) and news.emptied:
            self._farm.on_broker_emptied(now)

    def _on_reply(self, reply: Reply, now: float) -> None:
        job_id = job_given(reply)
        if job_id is not None and not self._books.knows(job_id):
            self._unread.append(reply)
            return
        for _ in range(reply.exchange.requests - 1):
            self._farm.governor.sent(now, awaited=False)
        self._farm.on_reply(reply, now)
        if self._prospect is not None:
            self._prospect.observe(reply.outcome)

    def _check_prospect(self, now: float) -> None:
        """Report why a server has never assigned a job, and stop once waiting longer is pointless."""
        if self._prospect is None:
            return
        news = self._prospect.news()
        if news is not None:
            self._watcher.notice(Notice(kind=NoticeKind.ANOMALY, miner_id="", text=news.text))
        if self._prospect.reason_to_stop(now) is not None:
            self._stop(Stop("nothing can be mined here", asked=False), now)

    def _on_results(self, results: Results, now: float) -> None:
        for message in results.messages:
            self._farm.on_result(message, now)
        for flaw in results.flaws:
            self._watcher.flaw(flaw)
        self._acknowledged.extend(results.entries)

    def _stop(self, stop: Stop, now: float) -> None:
        if not self._farm.draining:
            self.asked_to_stop = stop.asked
            self._drain = Drain(now, self._drain_s, self._call_deadline_s)
            self._watcher.stopping(stop.reason, self._review(self._drain, now), self._drain.ends_at)
            self._farm.drain(now)
            self._leave_if_banned(now)

    def _leave_if_banned(self, now: float) -> bool:
        """End a drain at once while the server refuses this address: the ledger keeps open jobs for the next start."""
        banned = self._farm.server.banned(now)
        if banned:
            self._farm.leave(banned, now)
        return bool(banned)

    def _check_drain(self, drain: Drain, now: float) -> None:
        """Give up the open jobs, unless the limit has room for them soon, and after a while the farewells."""
        if self._leave_if_banned(now):
            return
        if not drain.given_up:
            self._review(drain, now)
            drain.given_up = now >= drain.give_up_at
            if drain.given_up:
                self._farm.give_up(now)
        elif reason := drain.farewells_end(self._farm.server.last_answer_at, now):
            self._farm.leave(reason, now)

    def _review(self, drain: Drain, now: float) -> str:
        return drain.review(self._farm.outlook(drain.last_sending, now), now)

    def _carry_out(self, now: float) -> None:
        self._pending.finish()
        if self._pending.late and self._drain is not None and self._drain.given_up:
            self._pending.give_up_after(_LAST_COMMIT_S)
        turn = self._farm.turn(now, heartbeats_only=self._pending.late)
        self._pending.write(turn, self._acknowledged)
        self._acknowledged = []
        if now >= self._network_at:
            self._network_at = now + self._network_every_s
            if self._may_ask_network(now):
                for _ in range(NETWORK_REQUESTS):
                    self._farm.governor.sent(now, awaited=False)
                self._calls.ask_network()
        self._ask_terms(now)
        if self._alive_file is not None:
            self._alive_file.tick(self._farm, now)
        self._watcher.tick(self._farm, now)
        self._observer.tick(self._farm, now)
        give_up_at = self._drain.give_up_at if self._drain and not self._drain.given_up else turn.wake_at
        self._wake_at = min(turn.wake_at, self._network_at, give_up_at)

    def _do(self, effects: TurnEffects) -> None:
        for dispatch in effects.dispatches:
            self._broker.dispatch(dispatch)
        for call in effects.calls:
            self._calls.start(call)
        if effects.acknowledged:
            self._broker.acknowledge(effects.acknowledged)
        for notice in effects.notices:
            self._watcher.notice(notice)
        self._observer.committed(effects, self._clock())

    def _ask_terms(self, now: float) -> None:
        """Ask for the server's reward rule if it is due and the limit has room."""
        farm = self._farm
        if farm.auto is None or farm.draining or farm.server.away or farm.server.banned(now):
            return
        if farm.auto.seen.terms_due(now) and farm.governor.free_at(Urgency.SESSION, 0, now) <= now:
            farm.auto.seen.terms_asked(now)
            farm.governor.sent(now, awaited=False)
            self._calls.ask_terms()

    def _on_terms(self, stated: TermsStated, now: float) -> None:
        for _ in range(stated.requests - 1):
            self._farm.governor.sent(now, awaited=False)
        if stated.terms is not None and self._farm.auto is not None:
            self._farm.auto.seen.terms(stated.terms, stated.asked_at)

    def _may_ask_network(self, now: float) -> bool:
        """Whether the network's figures take at most a tenth of the budget; they could use up a tiny one alone.

        After a refusal, the few remaining requests go to the miners.
        """
        governor = self._farm.governor
        small = NETWORK_REQUESTS * 10 * governor.window_s <= governor.limit * self._network_every_s
        return not self._farm.server.banned(now) and small and governor.free_at(Urgency.FETCH, 0, now) <= now
