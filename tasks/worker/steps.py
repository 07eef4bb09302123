"""The worker's boot steps: its heartbeat, its events for Flower, its watchdog, its self-test."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.worker import state

from tasks.broker.repeating_step import RepeatingStep
from tasks.host import stopping
from tasks.host.pausing import pausing
from tasks.worker.consuming import OwnQueues
from tasks.worker.failures import failures
from tasks.worker.selftest import SelfTest
from tasks.worker.watchdog import Snapshot, watch

#: seconds between two beats
BEAT_S = 5.0
#: seconds between two messages to Flower
EVENTS_S = 0.25
#: maximum number of events in a message; a bundle's jobs alone make a hundred
MOST_EVENTS = 1000
#: EX_UNAVAILABLE: its service manager waits before a restart, which would end the same
SELF_TEST_FAILED = 69
_LOOK_S = 0.2
_log = logging.getLogger(__name__)


class Heartbeat(RepeatingStep):
    """Beats from the consumer's own loop and touches a file, which goes stale while the loop is stuck, and while the
    connection to Redis is lost.
    """

    requires = {"celery.worker.consumer.connection:Connection"}  # noqa: RUF012 - the name and type are Celery's
    #: set before the worker is built
    path: Path | None = None
    beats = 0

    def start(self, consumer: Any) -> None:
        """On connection: beat at once, then every five seconds."""
        self._beat()
        self.repeat(consumer, BEAT_S, self._beat)

    def _beat(self) -> None:
        Heartbeat.beats += 1
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()


class PacedEvents(bootsteps.StartStopStep):
    """Sends Flower many events in one message, a few times a second.

    Celery sends a message in each turn of the loop, which costs the worker's main process as much as two fifths of its
    work on light jobs. The loop also waits for each message. Far from Redis they are sent less often, so that nine
    tenths of the time are left for jobs.
    """

    requires = {"celery.worker.consumer.events:Events"}  # noqa: RUF012 - the name and type are Celery's

    def start(self, consumer: Any) -> None:
        """Take over the event dispatcher, which now exists."""
        self._events = consumer.event_dispatcher
        self._events.on_send_buffered = None
        self._events.buffer_limit = MOST_EVENTS
        self._send(consumer.timer)

    def stop(self, _consumer: Any) -> None:
        """Send the remaining events before the dispatcher closes."""
        timer = getattr(self, "_timer", None)
        if timer is not None:
            timer.cancel()
            self._events.flush()

    def _send(self, timer: Any) -> None:
        started = time.monotonic()
        try:
            self._events.flush()
        finally:
            took_s = time.monotonic() - started
            self._timer = timer.call_after(max(EVENTS_S, 9 * took_s), self._send, (timer,))


def watchdog_step(redis_url: str, time_limit_s: float, queues: OwnQueues) -> type[bootsteps.StartStopStep]:
    """The step that starts the watchdog, before the first contact with Redis, which may hang."""

    class Watched(bootsteps.StartStopStep):
        # only after the pool has forked, since the pool's processes would not have the thread
        requires = ("celery.worker.components:Pool",)

        def start(self, worker: Any) -> None:
            watch(
                redis_url,
                queues.names,
                time_limit_s,
                _snapshot,
                running=lambda: bool(worker.blueprint.state == bootsteps.RUN),
                failed=lambda: bool(worker.exitcode) and not stopping.asked(),
            )

    return Watched


def _snapshot(waiting: int | None) -> Snapshot:
    return Snapshot(
        # while it pauses, jobs may wait as long as they like
        waiting=0 if waiting is not None and pausing.reason else waiting,
        beats=Heartbeat.beats,
        begun=state.all_total_count[0],
        held=len(state.reserved_requests),
    )


def self_test_step(time_limit_s: float, queues: OwnQueues) -> type[bootsteps.StartStopStep]:
    """The step that tests a worker after repeated failures, and ends it when the test fails."""

    class SelfTestStep(RepeatingStep):
        test: SelfTest | None = None

        def start(self, consumer: Any) -> None:
            self.repeat(consumer, _LOOK_S, self._look, consumer)

        def _look(self, consumer: Any) -> None:
            if self.test is None and failures.needs_test(consumer.pool.num_processes):
                _log.warning("%d jobs in a row failed: this worker tests itself", failures.in_row)
                self.test, failures.testing = SelfTest(time_limit_s), True
                queues.leave(consumer)
            verdict = None if self.test is None else self.test.outcome()
            if verdict is None:
                return
            self.test = None
            if verdict:
                # takes no more messages until it has ended
                _end(verdict, time_limit_s)
                return
            _log.warning("the known jobs succeeded, so the failures come from the jobs")
            failures.passed()
            failures.testing = False
            queues.come_back(consumer)

    return SelfTestStep


def _end(reason: str, time_limit_s: float) -> None:
    _log.error("this host can't compute: %s; this worker ends with exit code %d", reason, SELF_TEST_FAILED)
    stopping.begin()
    stopping.end_within(time_limit_s, lambda _: None, SELF_TEST_FAILED)
    state.should_stop = SELF_TEST_FAILED
