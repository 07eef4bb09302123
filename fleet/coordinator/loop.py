"""The coordinator's main loop: feeds events to the farm and carries out its decisions.

A turn collects events, lets the farm decide, commits its writes, then dispatches, acknowledges and calls. Nothing takes
effect before it is in the ledger, and no result leaves Redis before it is there. While a commit takes long, turns
continue with heartbeats alone, which need no ledger entry; the decisions of these turns are written with the next
commit.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fleet.broker.lease import LeaseLost
from fleet.broker.presence import Workers
from fleet.broker.refusals import BrokerRefusal
from fleet.broker.results import BrokerState, Results
from fleet.coordinator.drain import Drain
from fleet.coordinator.pending import Bookkeeping, Deeds, LedgerState, Pending, Written
from fleet.coordinator.scheduler import Farm
from fleet.domain.calls import Call, Reply, Urgency, job_given
from fleet.domain.effects import Dispatch, Notice, NoticeKind, Write
from fleet.domain.jobs import GasInfo, NetworkPhase
from fleet.domain.turn import Published
from fleet.errors import CallError, NoAnswer, RateLimited, RedisHeld, Unreachable
from fleet.miner.abandoned import Ghost, GhostStopped, laid_to_rest
from fleet.server.client import Client
from fleet.server.http.interface import Talk
from fleet.server.prospect import Prospect

#: maximum number of events in a turn, so that a stream of results does not delay calls
_MAX_EVENTS = 500
#: maximum number of blocks of results waiting for the loop, of two megabytes each at most
_MOST_BLOCKS = 32
_MAX_WAIT_S = 0.5
#: fees and phase
_NETWORK_CALLS = 2
#: how long to wait for a last commit after the end of a drain, in seconds
_LAST_COMMIT_S = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """The server's figures on the network; None for a figure that it did not give."""

    gas: GasInfo | None
    phase: NetworkPhase | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A request to drain and end."""

    reason: str
    #: whether a user or the system asked for it; otherwise the farm ends by itself
    asked: bool = True


Event = (
    Reply
    | Results
    | BrokerState
    | BrokerRefusal
    | Workers
    | LeaseLost
    | Published
    | Network
    | GhostStopped
    | Written
    | Stop
)


class Broker(Protocol):
    """Dispatches jobs and acknowledges results."""

    def dispatch(self, order: Dispatch) -> None:
        """Publish a job soon."""

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """Remove results from the stream."""


class Caller(Protocol):
    """Makes calls to the server beside the loop."""

    def submit(self, function: Talk, *args: Any) -> None:
        """Soon run a function that may call the server."""


class Watcher(Protocol):
    """Receives notifications of events."""

    def notice(self, notice: Notice) -> None:
        """An event of a miner."""

    def network(self, network: Network) -> None:
        """New fees and phase."""

    def broker(self, state: BrokerState | BrokerRefusal) -> None:
        """Redis refuses something, was lost or was found again."""

    def ledger(self, state: LedgerState) -> None:
        """Ledger writes are late or on time again."""

    def flaw(self, text: str) -> None:
        """A stream entry was not a result."""

    def stopping(self, reason: str, outlook: str) -> None:
        """The drain begins; `outlook` says how long it may take, where that needs saying."""

    def tick(self, farm: Farm, now: float) -> None:
        """A turn has ended."""


class Inbox:
    """A queue of events from all threads, which only the loop reads."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._room = threading.Semaphore(_MOST_BLOCKS)

    def put(self, event: Event) -> None:
        """Pass an event to the loop, from any thread or a signal handler. Results wait for room."""
        if isinstance(event, Results):
            self._room.acquire()
        self._queue.put(event)

    def take(self, wait_s: float) -> list[Event]:
        """The events that have come in, after waiting at most `wait_s` seconds for the first."""
        events: list[Event] = []
        try:
            events.append(self._queue.get(timeout=max(wait_s, 0.0)) if wait_s > 0 else self._queue.get_nowait())
            while len(events) < _MAX_EVENTS:
                events.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        blocks = sum(isinstance(event, Results) for event in events)
        if blocks:
            self._room.release(blocks)
        return events


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
        client: Client,
        caller: Caller,
        broker: Broker,
        watcher: Watcher,
        inbox: Inbox,
        drain_s: float,
        call_deadline_s: float = 15.0,
        network_every_s: float,
        prospect: Prospect | None = None,
        ghosts: Sequence[Ghost] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._farm = farm
        self._books = books
        self._client = client
        self._caller = caller
        self._broker = broker
        self._watcher = watcher
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
        self._ghosts = ghosts
        self._pending = Pending(books, self._do, watcher.ledger)
        #: replies that wait until the ledger can be read for their job
        self._unread: list[Reply] = []

    def run(self, stop_at: float | None = None) -> None:
        """Mine until a Stop arrives or the clock passes `stop_at`, then drain."""
        self._caller.submit(self._stop_ghosts)
        while not (self._farm.done and not self._pending.late):
            events: list[Event] = [*self._unread, *self._inbox.take(min(self._wake_at - self._clock(), _MAX_WAIT_S))]
            self._unread = []
            for event in events:
                self._feed(event, self._clock())
            now = self._clock()
            if stop_at is not None and now >= stop_at and not self._farm.draining:
                self._feed(Stop("the time is over", asked=False), now)
            self._look_ahead(now)
            if self._drain is not None and now >= self._drain.give_up_at:
                self._hasten(self._drain, now)
            self._carry_out(now)

    def _feed(self, event: Event, now: float) -> None:
        """Take in an event. After a `Written`, the next turn carries out the effects that waited for the commit."""
        match event:
            case Reply():
                self._on_reply(event, now)
            case Results():
                self._on_results(event, now)
            case Published():
                self._farm.on_published(event, now)
            case BrokerState() | BrokerRefusal() | Workers() | LeaseLost():
                self._hear_of_broker(event, now)
            case Network():
                self._watcher.network(event)
            case GhostStopped():
                self._farm.governor.sent(now, awaited=False)
                for effect in laid_to_rest(event):
                    if isinstance(effect, Notice):
                        self._watcher.notice(effect)
                    elif isinstance(effect, Write):
                        self._pending.writes.append(effect)
            case Stop():
                self._stop(event, now)

    def _hear_of_broker(self, news: BrokerState | BrokerRefusal | Workers | LeaseLost, now: float) -> None:
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
            self._prospect.heard(reply.outcome)

    def _look_ahead(self, now: float) -> None:
        """Report the problem of a server that has never assigned a job, and stop once the farm need not wait longer."""
        if self._prospect is None:
            return
        news = self._prospect.news()
        if news is not None:
            self._watcher.notice(Notice(kind=NoticeKind.ANOMALY, miner_id="", text=news.text))
        if self._prospect.hopeless(now) is not None:
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
            self._watcher.stopping(stop.reason, self._look_out(self._drain, now))
            self._farm.drain(now)

    def _hasten(self, drain: Drain, now: float) -> None:
        """Give up the open jobs, unless the limit has room for them soon, and after a while the farewells."""
        if not drain.given_up:
            self._look_out(drain, now)
            drain.given_up = now >= drain.give_up_at
            if drain.given_up:
                self._farm.give_up(now)
        elif reason := drain.farewells_end(self._farm.heard_at, now):
            self._farm.leave(reason, now)

    def _look_out(self, drain: Drain, now: float) -> str:
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
                for _ in range(_NETWORK_CALLS):
                    self._farm.governor.sent(now, awaited=False)
                self._caller.submit(self._ask_network)
        self._watcher.tick(self._farm, now)
        give_up_at = self._drain.give_up_at if self._drain and not self._drain.given_up else turn.wake_at
        self._wake_at = min(turn.wake_at, self._network_at, give_up_at)

    def _do(self, deeds: Deeds) -> None:
        for dispatch in deeds.dispatches:
            self._broker.dispatch(dispatch)
        for call in deeds.calls:
            self._caller.submit(self._perform, call)
        if deeds.acknowledged:
            self._broker.acknowledge(deeds.acknowledged)
        for notice in deeds.notices:
            self._watcher.notice(notice)

    def _may_ask_network(self, now: float) -> bool:
        """Whether the network's figures take at most a tenth of the budget; they could use up a tiny one alone.

        After a refusal, the few calls that are certain go to the miners.
        """
        governor = self._farm.governor
        small = _NETWORK_CALLS * 10 * governor.window_s <= governor.limit * self._network_every_s
        return small and governor.free_at(Urgency.FETCH, 0, now) <= now

    async def _perform(self, call: Call) -> None:
        sent_at = self._clock()
        outcome, exchange = await self._client.perform(call)
        reply = Reply(call=call, outcome=outcome, sent_at=sent_at, answered_at=self._clock(), exchange=exchange)
        self._inbox.put(reply)

    async def _stop_ghosts(self) -> None:
        """Stop abandoned sessions one by one until the server does not answer; the next start tries the rest."""
        for ghost in self._ghosts:
            outcome, exchange = await self._client.perform(ghost.call())
            self._inbox.put(GhostStopped(ghost=ghost, outcome=outcome, exchange=exchange))
            if isinstance(outcome, Unreachable | NoAnswer | RateLimited):
                return

    async def _ask_network(self) -> None:
        gas, phase = None, None
        # not every release has both calls
        with contextlib.suppress(CallError):
            gas = await self._client.gas()
        with contextlib.suppress(CallError):
            phase = await self._client.network()
        self._inbox.put(Network(gas=gas, phase=phase))
