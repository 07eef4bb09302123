"""The coordinator's entry point: builds every part from the settings, runs it, and returns the run's figures."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

from config.color import wants_color
from config.settings import Settings
from fleet.broker.admission import admitted
from fleet.broker.dispatch import Dispatcher
from fleet.broker.lease import Lease, LeaseKeeper
from fleet.broker.presence import PresenceWatch
from fleet.broker.results import Intake
from fleet.coordinator.alive_file import Pulse
from fleet.coordinator.bookkeeper import Bookkeeper
from fleet.coordinator.lines import Lines
from fleet.coordinator.loop import Coordinator, Inbox, Stop
from fleet.coordinator.miner_ids import miner_specs
from fleet.coordinator.output import Report, Tally
from fleet.coordinator.scheduler import Farm
from fleet.coordinator.summary import summary
from fleet.coordinator.watchdog import Watchdog
from fleet.crew import Vital
from fleet.domain.jobs import PAID, MinerSpec, Prior
from fleet.domain.wall_clock import WallClock
from fleet.errors import ServiceError
from fleet.ledger.engine import open_engine, shown_url
from fleet.ledger.ledger import Ledger
from fleet.ledger.lock import Lock
from fleet.ledger.wait import when_free
from fleet.ledger.witness import Witness
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.policy import NO_PAUSE, Policy
from fleet.money.scopes import Scope, Standing, heard
from fleet.private_files import private_umask
from fleet.ratelimit.capacity import shortfall
from fleet.ratelimit.governor import Governor
from fleet.server.client import Client
from fleet.server.http.authorities import check_authorities
from fleet.server.http.choice import EngineName, chosen
from fleet.server.http.interface import Options
from fleet.server.http.opening import open_transport
from fleet.server.http.proxy import proxy_of
from fleet.server.prospect import Prospect
from tasks.broker.handshake import announce, turned_away
from tasks.broker.redis_client import redis_client
from tasks.host.hangup import stop_signals
from tasks.host.suspension import refuse_suspension
from tasks.worker.app import make_app

#: number of missed heartbeats after which a session of another coordinator's miner counts as abandoned
_QUIET_BEATS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The parameters of one start of the coordinator, beside the settings."""

    #: the same for all starts within one `fleet up`
    run_id: str
    #: seconds to mine; None until stopped
    for_s: float | None
    #: whether the server is the simulator
    simulated: bool
    #: where the running output goes
    out: TextIO


def run_coordinator(settings: Settings, run: Run) -> dict[str, Any]:
    """Mine until stopped. Returns the figures of the run.

    Raises ServiceError without a server or a usable Redis, RedisHeld when another coordinator uses it, LedgerError when
    the ledger can't be used, and ThreadEnded when a thread dies that the coordinator needs.
    """
    server, redis_url = _needed(settings)
    engine, options = _border(settings, "" if run.simulated else server)
    if settings.one_core:
        stay_on_one_core()
    admitted(turned_away(redis_url, as_worker=False))
    started, wall = time.monotonic(), WallClock()
    inbox, lines = Inbox(), _lines(settings, run.out)
    free, witness = partial(when_free, say=lines.say), Witness(settings, simulated=run.simulated)
    with (
        _alone(settings, redis_url, inbox) as keeper,
        Watchdog(sys.stderr) as watchdog,
        free(lambda: _ledger(settings, server, run, wall, witness)) as ledger,
        contextlib.closing(Bookkeeper(ledger, inbox.put, keep=partial(witness.keep, ledger))) as books,
        open_transport(engine, options) as transport,
    ):
        specs = _specs(settings, lines)
        started_at_ms = free(lambda: ledger.begin_run(run.run_id))
        farm = free(lambda: _farm(settings, specs, ledger, books.find))
        report = _report(settings, lines, free(lambda: ledger.run_and_ledger(run.run_id)), books, wall)
        report.banner(server=server, simulated=run.simulated, specs=specs, ledger=shown_url(witness.url))
        report.ledger_doubts(free(lambda: witness.doubts(ledger)))
        prospect = _prospect(settings, server, farm, started)
        with _broker(settings, redis_url, inbox) as (dispatcher, threads):
            pulse = Pulse(report, settings.alive_file, [transport.thread, books.thread, keeper, *threads], prospect)
            coordinator = Coordinator(
                farm=farm,
                books=books,
                client=Client(server, transport, transport.others),
                caller=transport,
                broker=dispatcher,
                watcher=pulse,
                inbox=inbox,
                drain_s=settings.drain_s,
                call_deadline_s=settings.http.call_deadline_s,
                network_every_s=settings.output.status_every_s,
                prospect=prospect,
                ghosts=free(lambda: ledger.ghosts(set(farm.miners), quiet_s=_QUIET_BEATS * settings.heartbeat_s)),
            )
            _stop_on_signals(inbox)
            watchdog.watch(pulse.motions)
            coordinator.run(None if run.for_s is None else started + run.for_s)
        scopes = free(lambda: ledger.scopes(run.run_id, list(farm.miners)))
        standings = free(lambda: _standings(ledger, farm, wall))
        heads = free(lambda: witness.keep(ledger))
    return summary(
        farm=farm,
        scopes=scopes,
        standings=standings,
        tally=report.tally,
        verdict=prospect.at_end(assigned=scopes.run.jobs["assigned"], asked=coordinator.asked_to_stop),
        duration_s=(wall.now_ms() - wall.jumped_ms - started_at_ms) / 1000,
        server=server,
        simulated=run.simulated,
    ) | {"heads": witness.tell(heads, lines.say)}


def _standings(ledger: Ledger, farm: Farm, wall: WallClock) -> dict[str, Standing]:
    """When each miner's server last stated a total, according to the ledger or to any answer since this start."""
    told = {miner_id: miner.total_stated_at for miner_id, miner in farm.miners.items()}
    return heard(ledger.standings(), told, now=time.monotonic(), now_ms=wall.now_ms())


def _specs(settings: Settings, lines: Lines) -> list[MinerSpec]:
    specs = miner_specs(settings, settings.state_dir)
    _say_what_is_carried(settings, len(specs), lines)
    return specs


def _say_what_is_carried(settings: Settings, miners: int, lines: Lines) -> None:
    budget = settings.budget
    too_many = shortfall(
        miners=miners, limit=budget.requests, window_s=budget.window_s, heartbeat_s=settings.heartbeat_s
    )
    if too_many:
        lines.say(f"[WARN]   {too_many}", "yellow")


@contextlib.contextmanager
def _alone(settings: Settings, redis_url: str, inbox: Inbox) -> Iterator[Vital]:
    """Lock the state folder and the Redis for this process; the yielded thread keeps the lease on the Redis.

    After an error both stay locked until the process ends.
    """
    private_umask()
    lock = Lock(settings.state_dir / "coordinator.lock")
    lease = Lease(redis_client(redis_url), lock.seat, str(settings.state_dir))
    lease.claim()
    admitted(announce(redis_url))
    keeper = LeaseKeeper(lease, inbox.put)
    yield keeper.thread
    keeper.close()
    lease.give_back()
    lock.release()


def _needed(settings: Settings) -> tuple[str, str]:
    """URLs of the server and of Redis."""
    if settings.server is None:
        raise ServiceError("no server is named: set FLEET_SERVER, or run `fleet up` for a farm on the simulator")
    if settings.redis_url is None:
        raise ServiceError("no Redis is named: set FLEET_REDIS_URL, or run `fleet up`, which starts one")
    return settings.server, settings.redis_url.get_secret_value()


def stay_on_one_core() -> None:
    """Keep this thread, and those that it starts, on its current core, if the system allows it.

    Only one thread runs Python at a time, and waking the next one on another core costs more than continuing on the
    same one: up to a tenth of the jobs per second (docs/performance.md).
    """
    if sys.platform == "linux":
        # a sandbox may forbid it, which does not stop the mining
        with contextlib.suppress(OSError, ValueError):
            os.sched_setaffinity(0, {ctypes.CDLL(None).sched_getcpu()})


def _ledger(settings: Settings, server: str, run: Run, wall: WallClock, witness: Witness) -> Ledger:
    witness.refuse_lost()
    ledger = Ledger(
        open_engine(witness.url),
        settings.server_name or server,
        simulated=run.simulated,
        now_ms=wall.now_ms,
        jumps=wall.unwritten,
    )
    wall.at_least(ledger.last_entry_at())
    return ledger


def _farm(settings: Settings, specs: list[MinerSpec], ledger: Ledger, find: Callable[[str], Prior | None]) -> Farm:
    policy = Policy(
        heartbeat_s=settings.heartbeat_s,
        redispatch_s=settings.dispatch.redispatch_s,
        max_attempts=settings.dispatch.max_attempts,
        max_unanswered=settings.dispatch.max_unanswered,
        max_free_jobs=settings.dispatch.max_free_jobs_per_miner,
        reconcile_s=settings.reconcile_every_s,
        backoff=Backoff(floor_s=settings.backoff.floor_s, cap_s=settings.backoff.cap_s),
    )
    now = time.monotonic()
    governor = Governor(
        requests=settings.budget.requests,
        window_s=settings.budget.window_s,
        miners=len(specs),
        heartbeat_s=settings.heartbeat_s,
        carried_s=max(settings.budget.window_s - ledger.quiet_s(), 0.0),
    )
    return Farm(
        (Miner(spec, policy, ledger.account(spec.miner_id), random.Random(), now) for spec in specs),
        governor,
        find,
        max_calls=settings.http.connections,
        max_at_workers=settings.dispatch.max_in_flight,
        now=now,
        backoff=policy.backoff,
    )


def _prospect(settings: Settings, server: str, farm: Farm, now: float) -> Prospect:
    mined = any(miner.jobs or miner.purse.booked for miner in farm.miners.values())
    return Prospect(server, mined=mined, patience_s=settings.give_up_s, now=now)


def _border(settings: Settings, server: str) -> tuple[EngineName, Options]:
    """The engine for calls to `server`, and its options. An empty `server` is the simulator, which needs no proxy.

    Raises WrongSetting.
    """
    http = settings.http
    check_authorities(http.ca_file)
    return chosen(http.engine), Options(
        deadline_s=http.call_deadline_s,
        connect_timeout_s=http.connect_timeout_s,
        max_body_bytes=http.max_body_bytes,
        connections=http.connections,
        ca_file=http.ca_file,
        proxy=proxy_of(http.proxy.get_secret_value(), server) if http.proxy and server else "",
    )


def _lines(settings: Settings, out: TextIO) -> Lines:
    return Lines(
        out,
        color=wants_color(settings.output.color, out),
        stamped=not out.isatty(),
        as_json=settings.log.format == "json",
    )


def _report(
    settings: Settings, lines: Lines, so_far: tuple[Scope, Scope], books: Bookkeeper, wall: WallClock
) -> Report:
    of_run, of_ledger = so_far
    return Report(
        lines,
        job_lines_per_s=settings.output.job_lines_per_s,
        status_every_s=settings.output.status_every_s,
        total=of_ledger.booked,
        tally=Tally(paid=sum(of_run.jobs[state.value] for state in PAID), earned=of_run.booked),
        commit_times=books.times,
        jumps=wall.untold,
    )


@contextlib.contextmanager
def _broker(settings: Settings, redis_url: str, inbox: Inbox) -> Iterator[tuple[Dispatcher, tuple[Vital, ...]]]:
    """The dispatcher to Redis, and the threads that the coordinator needs."""
    # a lost message costs each of its jobs an attempt, so jobs with a single attempt are sent alone
    bundle_ms = settings.dispatch.bundle_ms if settings.dispatch.max_attempts > 1 else 0.0
    dispatcher = Dispatcher(
        make_app(settings, redis_url), redis_client(redis_url), inbox.put, warn=inbox.put, bundle_ms=bundle_ms
    )
    intake = Intake(redis_client(redis_url), inbox.put, most_jobs=settings.dispatch.max_in_flight)
    presence = PresenceWatch(redis_client(redis_url), inbox.put)
    try:
        yield dispatcher, (dispatcher.thread, intake.thread, presence.thread)
    finally:
        presence.close()
        intake.close()
        dispatcher.close()


def _stop_on_signals(inbox: Inbox) -> None:
    """Drain at the first signal, end the process at a second one of the same kind; the ledger survives both.

    A closed terminal only drains, even if the shell repeats its signal.
    """

    def on_signal(number: int, _frame: object) -> None:
        inbox.put(Stop(signal.Signals(number).name))
        if number == signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        else:
            signal.signal(number, lambda *_: os._exit(128 + number))

    for number in stop_signals():
        signal.signal(number, on_signal)
    refuse_suspension(NO_PAUSE)
