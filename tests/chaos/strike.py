"""The points C1–C9, at which a real coordinator kills itself with SIGKILL. Its functions are wrapped from outside."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pycurl

from fleet.broker.dispatch import Dispatcher
from fleet.broker.results import BrokerState, Intake, Results
from fleet.domain.calls import Answer, Call, CallKind
from fleet.domain.effects import Booked, JobMoved, JobOpened, Write
from fleet.domain.events import Published
from fleet.domain.jobs import JobState
from fleet.domain.proof import Exchange
from fleet.errors import CallError
from fleet.ledger.ledger import Ledger
from fleet.server.client import Client
from fleet.server.http.by_curl import Handle


class Point(Enum):
    """A point between two steps at which the coordinator dies."""

    FETCHED = "C1"
    WRITTEN = "C2"
    PUBLISHED = "C3"
    COMPUTING = "C4"
    RESULT_READ = "C5"
    SUBMITTING = "C6"
    SENT = "C7"
    ANSWERED = "C8"
    BOOKED = "C9"


#: each point in words
WORDS = {
    Point.FETCHED: "killed after the fetch's answer, before it is written",
    Point.WRITTEN: "killed when a job is written, before it is published",
    Point.PUBLISHED: "killed when a job is published, before that is written",
    Point.COMPUTING: "killed while workers compute",
    Point.RESULT_READ: "killed when a result is read, before it is written",
    Point.SUBMITTING: "killed when a submission is written, before it is sent",
    Point.SENT: "killed when a submission is sent, its answer unread",
    Point.ANSWERED: "killed when a submission's answer is read, before it is booked",
    Point.BOOKED: "killed when results or payments are written, before they leave Redis",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Strike:
    """Die at the `passage`-th time that this point is passed after SIGUSR1 has armed it.

    `late` chooses the second form of a point that has two: with C7 the answer has come in, with C9 it is a payment.
    """

    point: Point
    passage: int = 1
    late: bool = False

    def lay(self) -> None:
        """Wrap the functions of this process."""
        trap = _Trap(self)
        signal.signal(signal.SIGUSR1, trap.arm)
        _wrap_client(trap)
        _wrap_ledger(trap)
        _wrap_dispatcher(trap)
        _wrap_intake(trap)
        _wrap_connection(trap)


class _Trap:
    """Counts passages, for the loop and its threads together."""

    def __init__(self, strike: Strike) -> None:
        self.strike = strike
        self._left = strike.passage
        self._armed = False
        self._lock = threading.Lock()

    def arm(self, _number: int, _frame: object) -> None:
        self._armed = True

    def due(self, point: Point) -> bool:
        """Whether to die at this passage."""
        if not self._armed or point is not self.strike.point:
            return False
        with self._lock:
            self._left -= 1
            return self._left == 0

    def passes(self, point: Point) -> None:
        if self.due(point):
            die()


def die() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def _wrap_client(trap: _Trap) -> None:
    perform = Client.perform

    async def mortal(self: Client, call: Call) -> tuple[Answer | CallError, Exchange]:
        outcome, exchange = await perform(self, call)
        if not isinstance(outcome, CallError):
            if call.kind is CallKind.FETCH:
                trap.passes(Point.FETCHED)
            elif call.kind is CallKind.SUBMIT:
                trap.passes(Point.ANSWERED)
        return outcome, exchange

    Client.perform = mortal  # type: ignore[method-assign]


def _wrap_ledger(trap: _Trap) -> None:
    commit = Ledger.commit

    def mortal(self: Ledger, writes: Sequence[Write]) -> None:
        commit(self, writes)
        moved = {write.state for write in writes if isinstance(write, JobMoved)}
        if any(isinstance(write, JobOpened) for write in writes):
            trap.passes(Point.WRITTEN)
        if JobState.DISPATCHED in moved:
            trap.passes(Point.COMPUTING)
        if JobState.SUBMITTING in moved:
            trap.passes(Point.SUBMITTING)
        if trap.strike.late and any(isinstance(write, Booked) for write in writes):
            trap.passes(Point.BOOKED)

    Ledger.commit = mortal  # type: ignore[method-assign]


def _wrap_dispatcher(trap: _Trap) -> None:
    build, acknowledge = Dispatcher.__init__, Dispatcher.acknowledge

    def mortal(self: Dispatcher, app: Any, client: Any, tell: Callable[[Published], None], **names: Any) -> None:
        def passed(word: Published) -> None:
            if word.published:
                trap.passes(Point.PUBLISHED)
            tell(word)

        build(self, app, client, passed, **names)

    def unacknowledged(self: Dispatcher, entries: Sequence[bytes]) -> None:
        if not trap.strike.late:
            trap.passes(Point.BOOKED)
        acknowledge(self, entries)

    Dispatcher.__init__ = mortal  # type: ignore[method-assign]
    Dispatcher.acknowledge = unacknowledged  # type: ignore[method-assign]


def _wrap_intake(trap: _Trap) -> None:
    build = Intake.__init__

    def mortal(self: Intake, client: Any, tell: Callable[[Results | BrokerState], None], **given: Any) -> None:
        def passed(event: Results | BrokerState) -> None:
            if isinstance(event, Results) and event.messages:
                trap.passes(Point.RESULT_READ)
            tell(event)

        build(self, client, passed, **given)

    Intake.__init__ = mortal  # type: ignore[method-assign]


def _wrap_connection(trap: _Trap) -> None:
    """libcurl reports when the kernel has taken a request's bytes, and when those of its answer have arrived."""
    moment = pycurl.INFOTYPE_HEADER_IN if trap.strike.late else pycurl.INFOTYPE_DATA_OUT
    build = Handle.__init__

    def watched(self: Handle, options: Mapping[int, object], spent: set[int]) -> None:
        build(self, options, spent)
        asked = b""

        def hear(kind: int, data: bytes) -> None:
            nonlocal asked
            if kind == pycurl.INFOTYPE_HEADER_OUT:
                asked = data.partition(b"\r\n")[0]
            elif kind == moment and b"/submit-result " in asked:
                asked = b""
                trap.passes(Point.SENT)

        self.curl.setopt(pycurl.VERBOSE, 1)
        self.curl.setopt(pycurl.DEBUGFUNCTION, hear)

    Handle.__init__ = watched  # type: ignore[method-assign]
