"""Ends a worker that is alive but no longer works, so that its service manager restarts it.

Docker and systemd restart a process that exits, not one that is stuck. A thread of the worker's main process checks it
at equal intervals. It can't detect a process that is stopped as a whole, or C code that never releases the interpreter:
only the stale heartbeat file shows those.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import redis

from tasks.broker.handshake import login_refusal
from tasks.broker.queue_lengths import queue_lengths
from tasks.broker.redis_client import redis_client
from tasks.host.systemd import ping
from tasks.host.vital import EXIT_CODE, start

PERIOD_S = 5.0
#: number of checks in a row without progress; Kombu waits 30 s at most before it retries a lost Redis
PATIENCE = 12
#: EX_UNAVAILABLE: the farm has revoked this host's access, or Redis its role's rights
REFUSED = 69
#: number of refusals in a row, so that a password change everywhere within that time ends no worker
REFUSALS = 3
_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The state of a worker and its queue at one moment."""

    #: number of messages waiting in this worker's queues; None where Redis does not answer
    waiting: int | None
    #: number of beats of the consumer's loop since the start
    beats: int
    #: number of computations begun since the start
    begun: int
    #: number of jobs received and not ended
    held: int


class StallDetector:
    """Decides from snapshots at equal intervals whether a worker has to be restarted.

    Looks while Redis does not answer don't count, since the worker is not at fault. Looks are counted, not seconds, so
    that a process which was suspended and resumed is not ended.
    """

    def __init__(self, time_limit_s: float) -> None:
        """`time_limit_s` is how long a job may keep its process from starting another one."""
        self._patience_holding = PATIENCE + math.ceil(time_limit_s / PERIOD_S)
        self._last: Snapshot | None = None
        self._still = 0
        self._deaf = 0

    def verdict(self, snapshot: Snapshot) -> str | None:
        """Why the worker has to end, or None."""
        last, self._last = self._last, snapshot
        if last is None or snapshot.waiting is None:
            self._still = self._deaf = 0
            return None
        self._still = self._still + 1 if snapshot.beats == last.beats else 0
        self._deaf = self._deaf + 1 if snapshot.waiting and snapshot.begun == last.begun else 0
        if self._still >= PATIENCE:
            return f"the consumer's loop has hung for {self._still * PERIOD_S:g} s, though Redis answers"
        if self._deaf >= (self._patience_holding if snapshot.held else PATIENCE):
            return f"no job was begun for {self._deaf * PERIOD_S:g} s, though {snapshot.waiting} wait in the queue"
        return None


def waiting_jobs(client: redis.Redis, queues: Iterable[str]) -> int | None:
    """The number of messages in the queues, or None where Redis does not answer or refuses."""
    try:
        return sum(queue_lengths(client, queues).values())
    except redis.RedisError:
        return None


def watch(
    redis_url: str,
    queues: Iterable[str],
    time_limit_s: float,
    snapshot: Callable[[int | None], Snapshot],
    *,
    running: Callable[[], bool],
    failed: Callable[[], bool],
) -> None:
    """Start a thread that ends this process with EXIT_CODE when it shows no progress while `running`, or has `failed`.

    No progress is none while jobs wait in `queues`, which this worker takes jobs from.

    Celery stops a worker after an error in its loop, and hangs when that error came from the pool's processes, which it
    then waits for. The current jobs are lost with the process, and dispatched again. A watchdog that fails ends the
    process, too, since nothing would detect a stuck worker after that.
    """

    def run() -> None:
        detector, refusals = StallDetector(time_limit_s), 0
        pause = threading.Event()
        with redis_client(redis_url, connect_timeout_s=_TIMEOUT_S, timeout_s=_TIMEOUT_S) as client:
            while not pause.wait(PERIOD_S) and running():
                waiting = waiting_jobs(client, queues)
                reason = detector.verdict(snapshot(waiting))
                ping()
                refused = login_refusal(client) if waiting is None else None
                refusals = refusals + 1 if refused else 0
                if refusals >= REFUSALS and running():
                    _log.error("%s: this worker ends with exit code %d", refused, REFUSED)
                    os._exit(REFUSED)
                if reason is not None and running():
                    _log.error("%s: this worker ends with exit code %d, to be started again", reason, EXIT_CODE)
                    os._exit(EXIT_CODE)
        if failed():
            _log.error("the consumer's loop failed: this worker ends with exit code %d, to be started again", EXIT_CODE)
            os._exit(EXIT_CODE)

    start("watchdog", run)
