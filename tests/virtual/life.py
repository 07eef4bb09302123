"""One run of the coordinator under virtual time: the real loop, with a clock that jumps, and steps at which it dies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any, Protocol

from fleet.coordinator.inbox import Event, Inbox
from fleet.domain.calls import Call
from fleet.domain.effects import Dispatch, Notice, Write
from fleet.ledger.ledger import Ledger
from fleet.server.http.interface import AsyncFunction
from tests.virtual.broker import Connection
from tests.virtual.laws import Laws
from tests.virtual.server import DEADLINE_S, Server, VirtualClient, ran
from tests.virtual.timeline import ThreadTime, Timeline

_MAX_EVENTS = 500
#: seconds that a turn takes
_TURN_S = 0.0001
#: turns without an event, a write or a call after which the loop counts as spinning
_MAX_IDLE_TURNS = 50
#: maximum number of deaths between steps in one schedule
_MOST_STRIKES = 8


class LoopLaws(Protocol):
    """What the laws have to know of the loop, whichever server it concerns."""

    def read(self, events: Sequence[Event]) -> None:
        """The loop has taken these events."""

    def dispatched(self, order: Dispatch) -> None:
        """A job is dispatched to the workers."""

    def acknowledged(self, entries: Sequence[bytes]) -> None:
        """Results are removed from the stream."""


class Killed(BaseException):
    """kill -9: nothing of the coordinator runs after this."""


class SpinningError(AssertionError):
    """The loop asks for turn after turn without doing anything."""


class Death:
    """Decides at which step the coordinator dies."""

    def __init__(self, rng: Random, rate: float, timeline: Timeline) -> None:
        self.rate = rate
        self.due = False
        self._left = _MOST_STRIKES
        self._rng = rng
        self._timeline = timeline

    def may_strike(self, step: str) -> None:
        """Die at this step if the schedule says so."""
        if self.due or (self.rate and self._rng.random() < self.rate):
            self._left -= not self.due
            self.rate = self.rate if self._left > 0 else 0.0
            self.due = False
            self._timeline.trace(f"KILLED {step}")
            raise Killed(step)


class VirtualInbox(Inbox):
    """An inbox that lets virtual time pass while it waits for an event."""

    def __init__(self, timeline: Timeline, death: Death, laws: LoopLaws) -> None:
        super().__init__()
        self.alive = True
        self.captured: list[Event] | None = None
        self.worked = False
        self._idle_turns = 0
        self._ready: list[Event] = []
        self._timeline = timeline
        self._death = death
        self._laws = laws

    def put(self, event: Event) -> None:
        """Take an event from a call's thread, and keep it until the thread's answer is due."""
        if self.captured is not None:
            self.captured.append(event)
        elif self.alive:
            self._ready.append(event)

    def take(self, wait_s: float) -> list[Event]:
        """Let time pass until there is an event or the wait is over."""
        timeline = self._timeline
        timeline.pass_time(_TURN_S)
        until_s = timeline.now + max(wait_s, 0.0)
        while not self._ready and timeline.step(until_s):
            self._death.may_strike("while it waits") if self._death.due else None
        events, self._ready = self._ready[:_MAX_EVENTS], self._ready[_MAX_EVENTS:]
        self._count(idle=not (events or self.worked) and wait_s <= 0)
        self._laws.read(events)
        return events

    def _count(self, *, idle: bool) -> None:
        self.worked = False
        self._idle_turns = self._idle_turns + 1 if idle else 0
        if self._idle_turns > _MAX_IDLE_TURNS:
            raise SpinningError(f"{self._idle_turns} turns in a row did nothing and waited for nothing")


class VirtualCaller:
    """Takes the transport's place: each call takes as long as the server says."""

    def __init__(self, timeline: Timeline, server: Server, client: VirtualClient, rng: Random) -> None:
        self._timeline = timeline
        self._server = server
        self._client = client
        self._rng = rng
        self.inbox: VirtualInbox
        self.death: Death
        self.laws: Laws

    def submit(self, function: AsyncFunction, *args: Any) -> None:
        """Send a call. If the coordinator dies before it arrives, chance decides whether it still does."""
        self.death.may_strike("before a call is sent")
        self.inbox.worked = True
        started_at = self._timeline.now
        for call in args:
            if isinstance(call, Call):
                self.laws.sent(call, started_at)
        reach = self._rng.random() < 0.5

        def arrive() -> None:
            if self.inbox.alive or reach:
                self._run(function, args, started_at)

        # the client gives up a call that takes longer, so it has no answer in time
        self._timeline.after(min(self._server.way_s(), DEADLINE_S), arrive)
        self.death.may_strike("after a call is sent")

    def _run(self, function: AsyncFunction, args: tuple[Any, ...], started_at: float) -> None:
        with self._timeline.thread(started_at) as thread:
            events: list[Event] = []
            self.inbox.captured = events
            self._client.thread = _Arrived(thread, self._timeline.now)
            try:
                ran(function(*args))
            finally:
                self.inbox.captured = None
            if self._client.broken is not None:
                raise self._client.broken
            answered_at = thread.now
        if self.inbox.alive:
            for event in events:
                self._timeline.at(answered_at, partial(self.inbox.put, event))


class _Arrived(ThreadTime):
    """Moves a thread's time forward to the moment at which its request arrived."""

    def __init__(self, thread: ThreadTime, arrived_at: float) -> None:
        self._thread = thread
        self._offset = arrived_at

    @property
    def now(self) -> float:
        """Virtual time of the request's arrival."""
        return max(self._thread.now, self._offset)

    @now.setter
    def now(self, value: float) -> None:
        self._thread.now = value


class MortalLedger(Ledger):
    """The real ledger. The coordinator may die before and after each commit."""

    death: Death
    laws: Laws
    inbox: VirtualInbox

    def leave(self) -> None:
        """Return the connection of a dead coordinator; the database stays."""
        self._link.close()
        self._beside.close()

    def commit(self, writes: Sequence[Write]) -> None:
        """Write; the coordinator may die before or after."""
        if writes:
            self.inbox.worked = True
            self.death.may_strike("before the commit")
        super().commit(writes)
        self.laws.committed(writes)
        if writes:
            self.death.may_strike("after the commit")


class BooksAtOnce:
    """Writes each turn before the loop continues, since virtual time has no slow disk."""

    waits_s = 0.0
    reason = ""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def write(self, writes: Sequence[Write]) -> bool:
        """Commit."""
        self._ledger.commit(writes)
        return True

    def hold(self, writes: Sequence[Write]) -> None:
        """Never needed: no turn runs while a commit is in progress."""
        raise AssertionError(writes)

    def write_ended(self) -> bool:
        """No write is ever in progress."""
        return True

    def knows(self, job_id: str) -> bool:  # noqa: ARG002 - the protocol's
        """The ledger can always be read."""
        return True


class MortalBroker:
    """The connection to Redis. The coordinator may die before each use of it."""

    def __init__(self, connection: Connection, death: Death, laws: LoopLaws, inbox: VirtualInbox) -> None:
        self._connection = connection
        self._death = death
        self._laws = laws
        self._inbox = inbox

    def dispatch(self, order: Dispatch) -> None:
        """Publish a job."""
        self._death.may_strike("before a dispatch")
        self._inbox.worked = True
        self._laws.dispatched(order)
        self._connection.dispatch(order)

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """Remove results from the stream."""
        self._death.may_strike("before results are acknowledged")
        self._laws.acknowledged(entries)
        self._connection.acknowledge(entries)
        self._death.may_strike("after results are acknowledged")


class Watcher:
    """Writes everything that it is notified of to the trace."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def notice(self, notice: Notice) -> None:
        """A miner's event."""
        if self._timeline.tracing:
            amount = "" if notice.amount is None else f" {notice.amount}"
            text = f"{notice.kind.value} {notice.miner_id} {notice.job_id[:8]}{amount} {notice.text}"
            self._timeline.trace(f"farm: {text}")

    def network(self, network: object) -> None:
        """New fees and phase."""

    def broker(self, state: object) -> None:
        """Redis was lost or found again."""
        self._timeline.trace(f"farm: {state}")

    def ledger(self, state: object) -> None:
        """Never called: the ledger is never late."""

    def flaw(self, text: str) -> None:
        """A stream entry was not a result."""

    def stopping(self, reason: str, outlook: str, ends_at: float) -> None:
        """The drain begins."""
        self._timeline.trace(f"farm: draining until {ends_at:g}, {reason} {outlook}")

    def tick(self, farm: object, now: float) -> None:
        """A turn has ended."""
