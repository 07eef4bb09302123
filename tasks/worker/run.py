"""The worker's start, with one thin Celery task per job type, its heartbeat and its events."""

from __future__ import annotations

import functools
import logging
import signal
import socket
import time
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.signals import setup_logging, worker_process_init, worker_ready, worker_shutting_down
from celery.worker import state

from config.logs import set_up
from config.settings import Settings
from tasks.broker.presence import signing
from tasks.compute import catalog
from tasks.errors import MessageError, OutOfMemoryError, PayloadError, TooFewFilesError, UnknownJobTypeError
from tasks.host import stopping
from tasks.host.cgroup import groups
from tasks.host.hangup import stop_signals
from tasks.host.hardware import detect
from tasks.host.oom import OomKills, go_first
from tasks.host.open_files import raise_limit
from tasks.host.pool_size import PoolSize, pool_size
from tasks.host.suspension import refuse_suspension
from tasks.host.vital import EXIT_CODE
from tasks.jobtypes import JOB_TYPES
from tasks.messages import BUNDLE_TASK, TASK_PREFIX, JobMessage, encode_computed
from tasks.worker.app import make_app
from tasks.worker.backend import StreamBackend
from tasks.worker.bundle import Bundled, compute_each
from tasks.worker.bundle_events import BundleRequest
from tasks.worker.failures import failures
from tasks.worker.strategy import choosy, examined
from tasks.worker.watchdog import Look, watch

#: seconds between two beats
BEAT_S = 5.0
#: seconds between two messages to Flower
EVENTS_S = 0.25
#: maximum number of events in a message; a bundle's jobs alone make a hundred
MOST_EVENTS = 1000
#: maximum length of a pool process's report on a bundle, in characters
_BUNDLE_TEXT = 1 << 20
_EX_CONFIG = 78
_STRATEGY = f"{choosy.__module__}:{choosy.__qualname__}"
_log = logging.getLogger(__name__)


def compute(message: Any, max_payload_bytes: int) -> dict[str, Any]:
    """Compute a job message and return the reply.

    Raises MessageError when the message is malformed, of another version or over `max_payload_bytes`; PayloadError and
    UnknownJobTypeError as the catalog does. Each of them reaches the coordinator as a refusal. Raises OutOfMemoryError
    when the kernel needs more memory than there is, which counts as a failed attempt.
    """
    size = len(message["data"]) if isinstance(message, dict) and isinstance(message.get("data"), str) else 0
    if size > max_payload_bytes:
        raise MessageError(f"data of {size} bytes, at most {max_payload_bytes} are computed: worker.max_payload_bytes")
    job = JobMessage.decode(message)
    started = time.perf_counter()
    try:
        result = catalog.compute(job.job_type, job.data, job_id=job.job_id)
    except MemoryError as exc:
        raise OutOfMemoryError(f"{job.job_type} needs more memory than this host has: {exc!r}") from exc
    elapsed_ms = (time.perf_counter() - started) * 1000
    return encode_computed(result=result, kernel_version=catalog.KERNEL_VERSION, compute_ms=elapsed_ms)


def register_tasks(app: Celery, max_payload_bytes: int) -> None:
    """Register one task per job type under its name, so that Flower's list can be read and filtered by job type."""

    def run(message: Any) -> dict[str, Any]:
        failures.begun()
        try:
            result = compute(message, max_payload_bytes)
        except (MessageError, PayloadError, UnknownJobTypeError):
            failures.refused()
            raise
        failures.computed()
        return result

    def run_each(messages: Any) -> Bundled:
        return compute_each(messages, run)

    for job_type in JOB_TYPES:
        app.task(run, name=TASK_PREFIX + job_type, typing=False, Strategy=_STRATEGY)
    app.task(
        run_each,
        name=BUNDLE_TASK,
        typing=False,
        Strategy=_STRATEGY,
        Request=f"{BundleRequest.__module__}:{BundleRequest.__qualname__}",
        # its events are those of its jobs
        send_events=False,
        resultrepr_maxsize=_BUNDLE_TEXT,
    )


class Heartbeat(bootsteps.StartStopStep):
    """Beats from the consumer's own loop and touches a file, which goes stale when the loop is stuck."""

    requires = {"celery.worker.consumer.connection:Connection"}  # noqa: RUF012 - the name and type are Celery's
    #: set before the worker is built
    path: Path | None = None
    beats = 0

    def start(self, consumer: Any) -> None:
        """On connection: beat at once, then every five seconds."""
        self._beat()
        self._timer = consumer.timer.call_repeatedly(BEAT_S, self._beat)

    def stop(self, _consumer: Any) -> None:
        """On disconnection: stop beating, so that the file goes stale until the connection is back."""
        timer = getattr(self, "_timer", None)
        if timer is not None:
            timer.cancel()

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
        self._tell(consumer.timer)

    def stop(self, _consumer: Any) -> None:
        """Send the remaining events before the dispatcher closes."""
        timer = getattr(self, "_timer", None)
        if timer is not None:
            timer.cancel()
            self._events.flush()

    def _tell(self, timer: Any) -> None:
        started = time.monotonic()
        try:
            self._events.flush()
        finally:
            took_s = time.monotonic() - started
            self._timer = timer.call_after(max(EVENTS_S, 9 * took_s), self._tell, (timer,))


def _watched(settings: Settings, redis_url: str) -> type[bootsteps.StartStopStep]:
    """The step that starts the watchdog, before the first contact with Redis, which may hang."""

    class Watched(bootsteps.StartStopStep):
        # only after the pool has forked, since the pool's processes would not have the thread
        requires = ("celery.worker.components:Pool",)

        def start(self, worker: Any) -> None:
            running = functools.partial(_runs, worker.blueprint)
            watch(redis_url, settings.worker.time_limit_s, _look, running)

    return Watched


def _runs(blueprint: Any) -> bool:
    return bool(blueprint.state == bootsteps.RUN)


def worker_name(settings: Settings) -> str:
    """The worker's name in Flower and in the ledger."""
    return settings.worker.name or socket.gethostname()


def _drop_built_in_tasks(app: Celery) -> None:
    """Remove Celery's own tasks, such as `celery.starmap`, which call whatever a message names and are never jobs."""
    app.finalize()
    for name in [name for name in app.tasks if name.startswith("celery.")]:
        app.tasks.unregister(name)


def worker_app(settings: Settings, redis_url: str) -> Celery:
    """The app of a worker host: tasks registered, heartbeat in place."""
    app = make_app(settings, redis_url)
    register_tasks(app, settings.worker.max_payload_bytes)
    _drop_built_in_tasks(app)
    Heartbeat.path = settings.worker.heartbeat_file
    app.steps["worker"].add(_watched(settings, redis_url))
    app.steps["consumer"].add(examined(settings.worker.time_limit_s))
    app.steps["consumer"].update((Heartbeat, PacedEvents, signing(redis_url, worker_name(settings))))
    return app


def run_worker(settings: Settings, redis_url: str) -> int:
    """Work until stopped. Returns the exit code. SIGTERM finishes the current jobs first.

    A worker that is alive but no longer works ends itself, as described in `tasks.worker.watchdog`.
    """

    @setup_logging.connect(weak=False)
    def _keep_our_logs(**_: Any) -> None:
        set_up(settings.log)

    @worker_shutting_down.connect(weak=False)
    def _end_in_time(**_: Any) -> None:
        stopping.begin()
        stopping.end_within(settings.worker.time_limit_s, _give_up, EXIT_CODE)

    try:
        chosen = _pool_size(settings.worker.concurrency)
    except TooFewFilesError as exc:
        _log.error("%s", exc)
        return _EX_CONFIG
    if chosen.note:
        _log.warning("%s", chosen.note)
    kills = StreamBackend.kills = OomKills(groups())
    app = worker_app(settings, redis_url)
    worker = app.Worker(
        hostname=f"worker@{worker_name(settings)}",
        concurrency=chosen.processes,
        pool="prefork",
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    with_hangup = signal.SIGHUP in stop_signals()

    @worker_process_init.connect(weak=False)
    def _stay(**_: Any) -> None:
        # a closed terminal signals all its processes; the pool's finish their jobs, as the main one asks them to
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        go_first()

    @worker_ready.connect(weak=False)
    def _drain_when_hung_up(**_: Any) -> None:
        # otherwise Celery would restart the worker
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM) if with_hangup else signal.SIG_IGN)

    refuse_suspension("Ctrl-Z stops nothing: jobs at hand would wait for it. Ctrl-C finishes them and ends the worker.")
    worker.start()
    reason = kills.reason()
    if reason is not None:
        _log.error("%s", reason)
    return int(worker.exitcode or 0)


def _pool_size(asked: int | None) -> PoolSize:
    host = detect()
    return pool_size(asked=asked, cores=host.cpu_cores, memory_mb=host.memory_mb, open_files=raise_limit())


def _give_up(after_s: float) -> None:
    held = len(state.reserved_requests)
    _log.error("%d jobs at hand did not end within %g s: this worker ends without them", held, after_s)


def _look(waiting: int | None) -> Look:
    return Look(
        waiting=waiting,
        beats=Heartbeat.beats,
        begun=state.all_total_count[0],
        held=len(state.reserved_requests),
    )
