"""The loop's inbox: the events that reach the coordinator's loop, and the queue that carries them from all threads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from config.settings import Settings
from fleet.broker.lease import LeaseLost
from fleet.broker.presence import WorkerKinds, WorkerLevels, Workers
from fleet.broker.refusals import BrokerRefusal
from fleet.broker.results import BrokerState, Results
from fleet.coordinator.pending import Written
from fleet.coordinator.reload.desk import ReloadOutcome
from fleet.coordinator.steering.control_watch import ControlsChanged
from fleet.domain.answers import GasInfo, NetworkPhase, RewardTerms
from fleet.domain.calls import Reply
from fleet.domain.events import AbandonedSessionStopped, Published

#: maximum number of events in a turn, so that a stream of results does not delay calls
_MAX_EVENTS = 500
#: maximum number of blocks of results waiting for the loop, of two megabytes each at most
_MOST_BLOCKS = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """The server's figures of its network; None for a figure that it did not give."""

    gas: GasInfo | None
    phase: NetworkPhase | None
    #: name of the server; empty for the only one
    server: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TermsStated:
    """The server was asked for its reward rule."""

    #: None if it did not state it
    terms: RewardTerms | None
    #: number of requests that it took
    requests: int
    #: when it was asked, in monotonic seconds
    asked_at: float
    #: name of the server; empty for the only one
    server: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderAnswered:
    """The hosts were described to the server."""

    miner_id: str
    #: what was stated and what the server answered, for the operator
    text: str
    #: whether it answered with an error or not at all
    failed: bool
    #: name of the server; empty for the only one
    server: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """A request to drain and end."""

    reason: str
    #: whether a user or the system asked for it; otherwise the farm ends by itself
    asked: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Reload:
    """The settings were read again."""

    settings: Settings
    #: takes the outcome, from the loop's thread
    answer: Callable[[ReloadOutcome], None]
    #: whether to say what would change, and to change nothing
    only_tell: bool = False


Event = (
    Reply
    | Results
    | BrokerState
    | BrokerRefusal
    | Workers
    | WorkerKinds
    | WorkerLevels
    | LeaseLost
    | Published
    | Network
    | TermsStated
    | ProviderAnswered
    | AbandonedSessionStopped
    | Written
    | Reload
    | ControlsChanged
    | Stop
)


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
