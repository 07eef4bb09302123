"""Publishes jobs to the workers by Celery, on its own thread: a hanging Redis must not hold up heartbeats.

One file: publishing, acknowledging and reconnecting share one thread and its client.
"""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from celery import Celery
from kombu.exceptions import KombuError, OperationalError

from fleet.broker.bundling import pack
from fleet.broker.disguise import Disguise
from fleet.broker.filing import Filing, level_of
from fleet.broker.holding import Holding
from fleet.broker.key_ring import KeyRing
from fleet.broker.refusals import BrokerRefusal, Refusals
from fleet.broker.routes import Routes
from fleet.domain.effects import Dispatch
from fleet.domain.events import Published
from fleet.threads import Progress, WatchedThread
from tasks.job_queues import LEVEL_HEADER
from tasks.messages import (
    AVOID_HEADER,
    BUNDLE_TASK,
    RESULTS_GROUP,
    RESULTS_STREAM,
    TASK_PREFIX,
    JobMessage,
    described,
)

#: most jobs sent to Redis in one round trip
_MOST_AT_ONCE = 256
#: Bytes of data after which a round trip takes no further message. Each byte takes up to three of memory meanwhile.
_MOST_BYTES = 2 * 1024 * 1024
#: most seconds between two looks for more jobs while others are held back
_LOOK_S = 0.02
#: seconds between two beats of an idle dispatcher
_BEAT_S = 1.0
#: a hanging Redis blocks the thread for 15 s at a time
_PATIENCE_S = 60.0
_Order = Dispatch | Sequence[bytes] | Routes | None
_BROKER_ERRORS = (OperationalError, KombuError, redis.RedisError, OSError)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Encoded:
    """A job that can be sent."""

    #: as workers see it, and the object that is sent
    shown: JobMessage
    sent: dict[str, Any]
    order: Dispatch

    @property
    def size(self) -> int:
        """Length of its data as text."""
        return len(self.sent["data"])


class Dispatcher:
    """Publishes jobs, and acknowledges results once they are in the ledger.

    `tell` receives the outcome of each job, `warn` each refusal by Redis that is worth a report. `disguise` removes the
    miners' ids from the messages; without one they stay. `keys` sign the messages; without them, none is
    signed.
    """

    def __init__(
        self,
        app: Celery,
        client: redis.Redis,
        tell: Callable[[Published], None],
        *,
        warn: Callable[[BrokerRefusal], None] = lambda _: None,
        bundle_ms: float = 0.0,
        disguise: Disguise | None = None,
        keys: KeyRing | None = None,
    ) -> None:
        self._app = app
        self._bundle_ms = bundle_ms
        self._disguise = disguise
        self._keys = keys
        self._client = client
        self._tell = tell
        self._warn = warn
        # celery and kombu ship no types
        self._connection: Any = None
        self._producer: Any = None
        self._jobs = Refusals("jobs", "wait in the ledger")
        self._acknowledgements = Refusals("acknowledgements", "are made again later")
        #: results that could not yet be removed from the stream
        self._left: list[bytes] = []
        self._filing = Filing(client)
        self._holding = Holding(_MOST_AT_ONCE)
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self.thread = WatchedThread("dispatcher", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def dispatch(self, order: Dispatch) -> None:
        """Queue a job for publishing."""
        self._orders.put(order)

    def route(self, routes: Routes) -> None:
        """Send jobs by these routes from now on, and move those that wait in another queue."""
        self._orders.put(routes)

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """Queue results for removal from the stream; those that can't be removed are tried again with later ones.

        Results that stay are read again after Redis was lost and at the next start, which changes nothing.
        """
        self._orders.put(entries)

    def close(self, timeout_s: float = 5.0) -> None:
        """Publish the waiting jobs and end the thread."""
        self._orders.put(None)
        self.thread.join(timeout_s)

    def _run(self, progress: Progress) -> None:
        ended, entries = False, list[bytes]()
        while not ended:
            orders = self._waiting(progress)
            ended = None in orders
            for order in orders:
                if isinstance(order, Dispatch):
                    self._holding.add(order, self._filing.queue_of(order), time.monotonic())
                elif isinstance(order, Routes):
                    self._filing.follow(order)
                elif order is not None:
                    entries.extend(order)
            jobs = self._holding.due(float("inf") if ended or not self._bundle_ms else time.monotonic())
            if jobs:
                for word in self._publish(jobs):
                    self._tell(word)
            # while jobs are held back, one round trip acknowledges the results of many turns
            if entries and (jobs or not self._holding):
                progress.beat()
                self._acknowledge(entries)
                entries = []
        self._close_producer()

    def _waiting(self, progress: Progress) -> list[_Order]:
        """All waiting orders; waits for the first one, unless jobs are held back. Looks after the queues meanwhile."""
        progress.beat()
        self._filing.look(time.monotonic())
        orders: list[_Order] = []
        with contextlib.suppress(queue.Empty):
            if self._holding:
                time.sleep(min(_LOOK_S, self._holding.due_in(time.monotonic())))
            else:
                orders.append(self._orders.get(timeout=_BEAT_S))
            while len(orders) < _MOST_AT_ONCE:
                orders.append(self._orders.get_nowait())
        return orders

    def _publish(self, orders: Sequence[Dispatch]) -> list[Published]:
        """Send the jobs to Redis; return the outcome of each. If sending fails, some of them may have arrived."""
        waiting: set[int] = set()
        try:
            careful = [order for order in orders if order.only_if_idle]
            if careful:
                occupied = self._filing.occupied(careful)
                waiting = {id(one) for one in careful if self._filing.queue_of(one) in occupied}
            fresh = [order for order in orders if id(order) not in waiting]
            if not fresh:
                return [_word(order, published=True, waits=True) for order in orders]
            left, producer = deque(fresh), self._open_producer()
            while left:
                self._send_some(left, producer)
        except _BROKER_ERRORS as exc:
            self._close_producer()
            answer = _answer(exc)
            self._say(self._jobs.refused(answer or exc, len(orders), time.monotonic(), away=answer is None))
            return [_word(order, published=False) for order in orders]
        self._say(self._jobs.accepted())
        return [_word(order, published=True, waits=id(order) in waiting) for order in orders]

    def _say(self, refusal: BrokerRefusal | None) -> None:
        if refusal is not None:
            self._warn(refusal)

    def _send_some(self, left: deque[Dispatch], producer: Any) -> None:
        """Take the jobs of one round trip, and send them. Each is encoded once, for its size and to be sent."""
        ready: dict[int, _Encoded] = {}
        orders: list[Dispatch] = []
        room_bytes = _MOST_BYTES
        while left and room_bytes > 0:
            order = left.popleft()
            ready[id(order)] = self._encoded(order)
            room_bytes -= ready[id(order)].size
            orders.append(order)
        by_queue: dict[str, list[Dispatch]] = {}
        for order in orders:
            by_queue.setdefault(self._filing.queue_of(order), []).append(order)
        messages = [
            message
            for some in by_queue.values()
            for message in pack(some, self._most_ms(some), size_of=lambda order: ready[id(order)].size)
        ]
        with producer.batch(_MOST_AT_ONCE) if len(messages) > 1 else contextlib.nullcontext():
            for message in messages:
                self._send([ready[id(order)] for order in message], producer)

    def _most_ms(self, orders: Sequence[Dispatch]) -> float:
        """How long the jobs of a message may take: `bundle_ms`, or for as long as these were held back."""
        return self._bundle_ms and max(self._bundle_ms, 1000 * max(order.hold_s for order in orders))

    def _send(self, jobs: Sequence[_Encoded], producer: Any) -> None:
        """Send a message. Its jobs have one queue, though not always one class."""
        first, *others = jobs
        headers: dict[str, Any] = {LEVEL_HEADER: max(level_of(job.order) for job in jobs)}
        if first.order.avoid:
            headers[AVOID_HEADER] = list(first.order.avoid)
        self._app.send_task(
            BUNDLE_TASK if others else TASK_PREFIX + first.shown.job_type,
            args=([job.sent for job in jobs] if others else first.sent,),
            task_id=self._bundle_id(jobs) if others else first.shown.task_id,
            queue=self._filing.queue_of(first.order),
            argsrepr=f"{len(jobs)} jobs" if others else described(first.shown),
            kwargsrepr="",
            headers=headers,
            producer=producer,
            # a Redis list needs no declaration
            declare=(),
            # the ledger retries; a retry here would only hold up the other jobs
            retry=False,
        )

    def _bundle_id(self, jobs: Sequence[_Encoded]) -> str:
        return str(uuid.uuid4()) if self._keys is None else self._keys.bundle_id([job.sent for job in jobs])

    def _encoded(self, order: Dispatch) -> _Encoded:
        message = order.message
        shown, sent = (message, message.encode()) if self._disguise is None else self._disguise.encoded(message)
        if self._keys is not None:
            self._keys.sign_job(sent, shown.task_id)
        return _Encoded(shown=shown, sent=sent, order=order)

    def _open_producer(self) -> Any:
        """The producer on the one connection for publishing, opened again after an error."""
        if self._producer is None:
            self._connection = self._app.connection_for_write()
            self._producer = self._app.amqp.Producer(self._connection)
        return self._producer

    def _close_producer(self) -> None:
        with contextlib.suppress(*_BROKER_ERRORS):
            if self._connection is not None:
                self._connection.close()
        self._connection = self._producer = None

    def _acknowledge(self, entries: Sequence[bytes]) -> None:
        entries, self._left = [*self._left, *entries], []
        try:
            # one transaction: an entry that is acknowledged but not deleted is never read again
            pipeline = self._client.pipeline(transaction=True)
            pipeline.xack(RESULTS_STREAM, RESULTS_GROUP, *entries)
            pipeline.xdel(RESULTS_STREAM, *entries)
            pipeline.execute()
        except redis.RedisError as exc:
            away = _answer(exc) is None
            # if Redis answers but refuses, the list would grow without end
            self._left = entries if away else []
            self._say(self._acknowledgements.refused(exc, len(entries), time.monotonic(), away=away))
            return
        self._say(self._acknowledgements.accepted())


def _answer(exc: BaseException) -> redis.ResponseError | None:
    """The error that Redis answered, which kombu wraps like a lost connection; None if Redis did not answer."""
    found: BaseException | None = exc
    while found is not None:
        if isinstance(found, redis.ResponseError):
            return found
        found = found.__cause__ or found.__context__
    return None


def _word(order: Dispatch, *, published: bool, waits: bool = False) -> Published:
    message = order.message
    return Published(
        job_id=message.job_id,
        miner_id=message.miner_id,
        attempt=message.attempt,
        published=published,
        waits=waits,
    )
