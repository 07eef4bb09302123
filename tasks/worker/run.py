"""The worker's start and end: its app, its pool, its signals, its exit code."""

from __future__ import annotations

import logging
import signal
import socket
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init, worker_ready, worker_shutting_down
from celery.worker import state

from config.logs import set_up
from config.settings import Settings
from tasks.broker.handshake import release
from tasks.broker.presence import presence_step
from tasks.broker.stated_host import StatedHost
from tasks.broker.statement import own_statement
from tasks.compute.inventory import Inventory, inventory
from tasks.errors import TooFewFilesError
from tasks.host import stopping
from tasks.host.cgroup import groups
from tasks.host.cpu_share import CpuShare
from tasks.host.hangup import stop_signals
from tasks.host.hardware import Hardware
from tasks.host.oom import OomKills, prefer_for_oom_kill
from tasks.host.open_files import raise_limit
from tasks.host.pool_size import GPU_HOST_MB, PoolSize, pool_size
from tasks.host.suspension import refuse_suspension
from tasks.host.vital import EXIT_CODE
from tasks.job_queues import queues_of_host
from tasks.jobtypes import level_of_host
from tasks.signing import WorkerKey, kind_signature
from tasks.worker.app import make_app
from tasks.worker.backend import StreamBackend
from tasks.worker.consuming import OwnQueues
from tasks.worker.gpu_start import start_gpu
from tasks.worker.job_tasks import drop_built_in_tasks, register_tasks
from tasks.worker.limits_step import limits_step
from tasks.worker.pausing_step import pausing_step
from tasks.worker.resting import pace
from tasks.worker.signatures import signatures
from tasks.worker.steps import Heartbeat, PacedEvents, self_test_step, watchdog_step

_EX_CONFIG = 78
#: part of the soft time limit that a rest before a job may take
_REST = 0.2
_NO_PAUSE = "Ctrl-Z is ignored: the jobs would wait. Ctrl-C finishes them and ends the worker."
_log = logging.getLogger(__name__)


def worker_name(settings: Settings) -> str:
    """The worker's name in Flower and in the ledger."""
    return settings.worker.name or socket.gethostname()


def host_level(settings: Settings, host: Hardware) -> int:
    """The level of the highest class that this worker takes jobs of, by its host or by what the operator declared."""
    own, percent = settings.worker, settings.limits.cpu_percent
    cores = host.cpu_cores if percent is None else CpuShare(percent=percent, cores=host.cpu_cores).processes
    return level_of_host(
        cores if own.cpu_cores is None else own.cpu_cores,
        host.gpu_memory_mb if own.gpu_memory_mb is None else own.gpu_memory_mb,
    )


def worker_app(settings: Settings, redis_url: str, host: StatedHost) -> Celery:
    """The app of a worker host, which states itself as `host`: tasks registered, boot steps in place."""
    app = make_app(settings, redis_url)
    register_tasks(app, settings.worker.max_payload_bytes)
    drop_built_in_tasks(app)
    Heartbeat.path = settings.worker.heartbeat_file
    queues, limit_s = OwnQueues(host.level), settings.worker.time_limit_s
    app.steps["worker"].add(watchdog_step(redis_url, limit_s, queues))
    app.steps["consumer"].add(self_test_step(limit_s, queues))
    app.steps["consumer"].add(limits_step(settings))
    app.steps["consumer"].add(pausing_step(limit_s, queues))
    statement = own_statement(release(), settings, host)
    presence = presence_step(redis_url, worker_name(settings), statement, signatures.key)
    app.steps["consumer"].update((Heartbeat, PacedEvents, presence))
    return app


def _stated_host(found: Inventory, settings: Settings, gpu: str) -> StatedHost:
    key, kind = signatures.key, (*found.kind, *filter(None, [gpu]))
    return StatedHost(
        cores=found.hardware.cpu_cores,
        memory_mb=found.hardware.memory_mb,
        gpus=tuple((gpu.model, gpu.memory_mb) for gpu in found.hardware.gpus),
        processor=found.processor,
        kind=kind,
        cpu_percent=settings.limits.cpu_percent,
        level=host_level(settings, found.hardware),
        signer="" if key is None else key.host,
        kind_sig="" if key is None else kind_signature(key.result, worker_name(settings), kind),
    )


def run_worker(settings: Settings, redis_url: str) -> int:
    """Work until stopped. Returns the exit code. SIGTERM finishes the current jobs first.

    A worker that is alive but no longer works ends itself, as described in `tasks.worker.watchdog`.
    """
    _connect_log_and_end(settings)
    found = inventory()
    try:
        size = _pool_size(settings, found.hardware)
    except TooFewFilesError as exc:
        _log.error("%s", exc)
        return _EX_CONFIG
    if size.note:
        _log.warning("%s", size.note)
    kills = StreamBackend.kills = OomKills(groups())
    _take_key(settings)
    gpu = start_gpu(settings, found, size.processes)
    host = _stated_host(found, settings, gpu)
    app = worker_app(settings, redis_url, host)
    if gpu:
        # in kB; CUDA's libraries count as a process's own memory
        app.conf.worker_max_memory_per_child += GPU_HOST_MB * 1000
    worker = app.Worker(
        queues=queues_of_host(host.level),
        hostname=f"worker@{worker_name(settings)}",
        concurrency=size.processes,
        pool="prefork",
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        quiet=True,
    )
    _connect_hangup()
    refuse_suspension(_NO_PAUSE)
    worker.start()
    reason = kills.reason()
    if reason is not None:
        _log.error("%s", reason)
    return int(worker.exitcode or 0)


def _take_key(settings: Settings) -> None:
    """Sign results from now on, if this host has a key, and check jobs."""
    if settings.worker.key is not None:
        signatures.key = WorkerKey.decode(settings.worker.key.get_secret_value())


def _connect_log_and_end(settings: Settings) -> None:
    """Keep Celery from setting up the log, and bound the time of a warm shutdown."""

    @setup_logging.connect(weak=False)
    def _keep_our_logs(**_: Any) -> None:
        set_up(settings.log)

    @worker_shutting_down.connect(weak=False)
    def _end_in_time(**_: Any) -> None:
        stopping.begin()
        stopping.end_within(settings.worker.time_limit_s, _give_up, EXIT_CODE)


def _connect_hangup() -> None:
    """Let a closed terminal drain the worker, whose pool processes finish their jobs."""
    with_hangup = signal.SIGHUP in stop_signals()

    @worker_process_init.connect(weak=False)
    def _stay(**_: Any) -> None:
        # a closed terminal signals all its processes; the pool's finish their jobs, as the main one asks them to
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        prefer_for_oom_kill()

    @worker_ready.connect(weak=False)
    def _drain_when_hung_up(**_: Any) -> None:
        # otherwise Celery would restart the worker
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM) if with_hangup else signal.SIG_IGN)


def _pool_size(settings: Settings, host: Hardware) -> PoolSize:
    """The number of processes. With a share of the CPU, no more than it needs, each of which is paced from now on."""
    asked, percent = settings.worker.concurrency, settings.limits.cpu_percent
    if percent is None:
        return pool_size(asked=asked, cores=host.cpu_cores, memory_mb=host.memory_mb, open_files=raise_limit())
    share = CpuShare(percent=percent, cores=host.cpu_cores)
    asked = None if asked is None else min(asked, share.processes)
    size = pool_size(asked=asked, cores=share.processes, memory_mb=host.memory_mb, open_files=raise_limit())
    pace(share.each(size.processes), size.processes, _REST * settings.worker.soft_time_limit_s)
    _log.warning("limits.cpu_percent is %g: processes that compute and rest: %d", percent, size.processes)
    return size


def _give_up(after_s: float) -> None:
    held = len(state.reserved_requests)
    _log.error("%d jobs did not end within %g s: this worker ends without them", held, after_s)
