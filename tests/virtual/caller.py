"""Calls to the virtual server and the events that come of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any, Protocol

from fleet.coordinator.inbox import Event, Inbox
from fleet.domain.calls import Call
from fleet.domain.effects import Dispatch
from fleet.server.http.interface import AsyncFunction
from tests.virtual.death import Death
from tests.virtual.laws import Laws
from tests.virtual.server import DEADLINE_S, Server, VirtualClient, ran
from tests.virtual.timeline import ThreadTime, Timeline

_MAX_EVENTS = 500
#: seconds that a turn takes
_TURN_S = 0.0001
#: turns without an event, a write or a call after which the loop counts as spinning
_MAX_IDLE_TURNS = 50


class LoopLaws(Protocol):
    """What the laws have to know of the loop, whichever server it concerns."""

    def read(self, events: Sequence[Event]) -> None:
        """The loop has taken these events."""

    def dispatched(self, order: Dispatch) -> None:
        """A job is dispatched to the workers."""

    def acknowledged(self, entries: Sequence[bytes]) -> None:
        """Results are removed from the stream."""


class SpinningError(AssertionError):
    """The loop asks for turn after turn without doing anything."""


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
