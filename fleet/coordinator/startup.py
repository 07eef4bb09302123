"""The coordinator's entry point: opens every part in order, mines, and returns the run's figures.

One file: the order in which parts open is the order in which they close.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, TextIO, TypeVar

from config.hiding import hide_by
from config.settings import Settings
from fleet.broker.admission import raise_refusal
from fleet.broker.disguise import Disguise
from fleet.coordinator.alive_file import AliveFile
from fleet.coordinator.assembly import make_farm, make_lines, make_report, open_broker, open_ledger
from fleet.coordinator.banner import print_banner
from fleet.coordinator.bookkeeper import Bookkeeper
from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.exclusive import only_coordinator
from fleet.coordinator.http_options import http_options
from fleet.coordinator.inbox import Inbox
from fleet.coordinator.lines import Lines
from fleet.coordinator.loop import Coordinator
from fleet.coordinator.miner_ids import miner_specs, without_address
from fleet.coordinator.observed import Observed
from fleet.coordinator.observing import observing
from fleet.coordinator.one_core import stay_on_one_core
from fleet.coordinator.output import Report
from fleet.coordinator.scheduler import Farm
from fleet.coordinator.stop_signals import stop_on_signals
from fleet.coordinator.summary import summary
from fleet.coordinator.tally import RunTally
from fleet.coordinator.watchdog import Watchdog
from fleet.domain.jobs import MinerSpec
from fleet.domain.miner_names import IdHider
from fleet.domain.wall_clock import WallClock
from fleet.errors import Banned, ServiceError
from fleet.ledger.engine import shown_url
from fleet.ledger.ledger import Ledger
from fleet.ledger.places import LedgerPlace
from fleet.ledger.wait import when_free
from fleet.ledger.witness import Witness
from fleet.money.scopes import with_answer_times
from fleet.ratelimit.capacity import shortfall
from fleet.server.client import Client
from fleet.server.http.opening import open_transport
from fleet.server.http.transport import Transport
from fleet.server.prospect import Prospect
from fleet.threads import WatchedThread
from tasks.broker.handshake import process_refusal

#: number of missed heartbeats after which a session of another coordinator's miner counts as abandoned
_QUIET_BEATS = 3

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """The parameters of one start of the coordinator, beside the settings."""

    #: the same for all starts within one `fleet up`
    run_id: str
    #: seconds to mine once the miners are loaded; None until stopped
    for_s: float | None
    #: whether the server is the simulator
    simulated: bool
    #: where the running output goes
    out: TextIO


@dataclass(frozen=True, kw_only=True, slots=True)
class _Start:
    """What a start knows before it opens anything."""

    settings: Settings
    run: Run
    server: str
    redis_url: str
    lines: Lines
    witness: Witness
    inbox: Inbox = field(default_factory=Inbox)
    wall: WallClock = field(default_factory=WallClock)
    #: by the monotonic clock
    began_at: float = field(default_factory=time.monotonic)

    def free(self, action: Callable[[], T]) -> T:
        """The result of `action` on the ledger, as soon as no other program locks it."""
        return when_free(action, say=self.lines.say)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mined:
    """What remains of a run to make its figures from."""

    farm: Farm
    #: miner id → name
    names: dict[str, str]
    tally: RunTally
    prospect: Prospect
    asked_to_stop: bool
    #: when the run began, by the wall clock
    began_at_ms: int


def run_coordinator(settings: Settings, run: Run) -> dict[str, Any]:
    """Mine until stopped. Returns the figures of the run.

    Raises ServiceError without a server or a usable Redis, RedisHeld when another coordinator uses it, LedgerError when
    the ledger can't be used, and ThreadEnded when a thread dies that the coordinator needs.
    """
    server, redis_url = _addresses(settings)
    engine, options = http_options(settings, "" if run.simulated else server)
    if settings.one_core:
        stay_on_one_core()
    raise_refusal(process_refusal(redis_url, as_worker=False))
    lines, witness = make_lines(settings, run.out), Witness(settings, simulated=run.simulated)
    start = _Start(settings=settings, run=run, server=server, redis_url=redis_url, lines=lines, witness=witness)
    with (
        only_coordinator(settings.state_dir, redis_url, start.inbox) as lease_thread,
        Watchdog(sys.stderr) as watchdog,
        start.free(lambda: open_ledger(settings, server, start.wall, witness, simulated=run.simulated)) as ledger,
        contextlib.closing(Bookkeeper(ledger, start.inbox.put, keep=partial(witness.keep, ledger))) as books,
        open_transport(engine, options) as transport,
    ):
        mined = _mine(start, ledger, books, transport, watchdog, lease_thread)
        figures = _figures(start, ledger, mined)
        heads = start.free(lambda: witness.keep(ledger))
    return figures | {"heads": witness.post(heads, lines.say)}


def _mine(
    start: _Start, ledger: Ledger, books: Bookkeeper, transport: Transport, watchdog: Watchdog, lease: WatchedThread
) -> _Mined:
    """Run the loop until it is stopped and drained."""
    settings, run, free = start.settings, start.run, start.free
    ready, report, began_at_ms = _prepared(start, ledger, books)
    farm, names, prospect = ready.farm, dict(ready.names), ready.prospect
    quiet_s = _QUIET_BEATS * settings.heartbeat_s
    with (
        open_broker(settings, start.redis_url, start.inbox, Disguise(names)) as broker,
        observing(settings, ready, broker.in_redis, free) as observers,
    ):
        threads = (transport.thread, books.thread, lease, *broker.threads)
        alive_file = AliveFile(settings.alive_file, threads, prospect)
        coordinator = Coordinator(
            farm=farm,
            books=books,
            calls=ServerCalls(Client(start.server, transport, transport.others), transport, start.inbox),
            broker=broker.dispatcher,
            watcher=report,
            observer=observers,
            alive_file=alive_file,
            inbox=start.inbox,
            drain_s=settings.drain_s,
            call_deadline_s=settings.http.call_deadline_s,
            network_every_s=settings.output.status_every_s,
            prospect=prospect,
            abandoned=free(lambda: ledger.abandoned_sessions(set(farm.miners), quiet_s=quiet_s)),
        )
        stop_on_signals(start.inbox)
        watchdog.watch(alive_file.all_progress)
        coordinator.run(None if run.for_s is None else time.monotonic() + run.for_s)
    return _Mined(
        farm=farm,
        names=names,
        tally=report.tally,
        prospect=prospect,
        asked_to_stop=coordinator.asked_to_stop,
        began_at_ms=began_at_ms,
    )


def _prepared(start: _Start, ledger: Ledger, books: Bookkeeper) -> tuple[Observed, Report, int]:
    """Load the miners from the ledger and print the first lines. Also returns when the run began."""
    free, run_id = start.free, start.run.run_id
    specs, names, hide = free(lambda: _miners(start, ledger))
    began_at_ms = free(lambda: ledger.begin_run(run_id))
    sums = free(lambda: ledger.run_and_ledger(run_id))
    _print_first_lines(start, specs, ledger, booked=sums[1].booked)
    farm = _farm(start, specs, ledger, books)
    ready = Observed(
        farm=farm,
        names=names,
        books=books,
        prospect=_prospect(start, farm, hide),
        place=LedgerPlace(url=start.witness.url, simulated=start.run.simulated),
        server=start.settings.server_name or start.server,
        booked=sums[1].booked,
        now_ms=start.wall.now_ms,
        say=start.lines.say,
    )
    return ready, make_report(start.settings, start.lines, sums, books, start.wall), began_at_ms


def _figures(start: _Start, ledger: Ledger, mined: _Mined) -> dict[str, Any]:
    farm, wall = mined.farm, start.wall
    scopes = start.free(lambda: ledger.scopes(start.run.run_id, list(farm.miners)))
    # when each server last stated a total: according to the ledger, or to any answer since this start
    stated_at = {miner_id: miner.total_stated_at for miner_id, miner in farm.miners.items()}
    standings = start.free(ledger.standings)
    figures = summary(
        farm=farm,
        names=mined.names,
        scopes=scopes,
        standings=with_answer_times(standings, stated_at, now=time.monotonic(), now_ms=wall.now_ms()),
        tally=mined.tally,
        verdict=mined.prospect.at_end(assigned=scopes.run.jobs["assigned"], asked=mined.asked_to_stop),
        duration_s=(wall.now_ms() - wall.jumped_ms - mined.began_at_ms) / 1000,
    )
    return {"server": start.server, "simulated": start.run.simulated} | figures


def _addresses(settings: Settings) -> tuple[str, str]:
    """URLs of the server and of Redis."""
    if settings.server is None:
        raise ServiceError("no server is named: set FLEET_SERVER, or run `fleet up` for a farm on the simulator")
    if settings.redis_url is None:
        raise ServiceError("no Redis is named: set FLEET_REDIS_URL, or run `fleet up`, which starts one")
    return settings.server, settings.redis_url.get_secret_value()


def _miners(start: _Start, ledger: Ledger) -> tuple[list[MinerSpec], dict[str, str], IdHider]:
    """The farm's miners, the names of all miners of the ledger by id, and the filter that hides the ids.

    Output and log show names from now on.

    Prints a warning if the server's limit is too low for all of them, and if an id can't be spent from.
    """
    settings, lines = start.settings, start.lines
    specs = miner_specs(settings, settings.state_dir)
    names = ledger.name_miners({spec.miner_id: spec.name for spec in specs})
    hide = IdHider(names)
    hide_by(hide)
    budget = settings.budget
    open_anyway = sum(miner.pinned for miner in settings.miner) if settings.auto else len(specs)
    too_many = shortfall(
        miners=open_anyway, limit=budget.requests, window_s=budget.window_s, heartbeat_s=settings.heartbeat_s
    )
    unspendable = "" if start.run.simulated else without_address(specs, settings.state_dir)
    for warning in filter(None, (too_many, unspendable)):
        lines.say(f"[WARN]   {warning}", "yellow")
    return specs, names, hide


def _print_first_lines(start: _Start, specs: list[MinerSpec], ledger: Ledger, *, booked: Decimal) -> None:
    """Print the banner, and a warning if this may not be the ledger of the last start."""
    place = shown_url(start.witness.url)
    print_banner(
        start.lines,
        server=start.server,
        simulated=start.run.simulated,
        specs=specs,
        auto=start.settings.auto,
        ledger=place,
        booked=booked,
    )
    for doubt in start.free(lambda: start.witness.doubts(ledger)):
        start.lines.say(f"[WARN]   {doubt}; restore the right one, or remove ledger.heads if it is", "yellow")


def _farm(start: _Start, specs: list[MinerSpec], ledger: Ledger, books: Bookkeeper) -> Farm:
    """All miners. Prints a warning if the last run found that the miners that stay open cost income."""
    farm = start.free(lambda: make_farm(start.settings, specs, ledger, books.find, start.lines.say))
    ban_s = start.free(ledger.ban_s)
    if ban_s is not None:
        farm.server.remember_ban(ban_s, time.monotonic())
    if farm.auto is not None:
        warning = farm.auto.adviser.kept(start.free(ledger.advice), stay_open=farm.auto.stay_open)
        if warning:
            start.lines.say(f"[EARN]   {warning}")
    return farm


def _prospect(start: _Start, farm: Farm, hide: IdHider) -> Prospect:
    mined = len(farm.jobs) > 0 or any(miner.account.booked for miner in farm.miners.values())
    prospect = Prospect(start.server, mined=mined, patience_s=start.settings.give_up_s, now=start.began_at, hide=hide)
    now = time.monotonic()
    if farm.server.banned(now):
        rest_s = max(farm.server.free_at - now, 0.0)
        prospect.observe(Banned(f"it said so to an earlier start; the next call is made in {rest_s:.0f} s"))
    return prospect
