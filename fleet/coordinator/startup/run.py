"""The coordinator's entry point: opens every part in order, mines, and returns the run's figures.

One file: the order in which parts open is the order in which they close.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from config.server_tables import ServerSettings
from config.settings import Settings
from fleet.broker.admission import raise_refusal
from fleet.broker.disguise import Disguise
from fleet.coordinator.alive_file import AliveFile
from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.declared import of_hosts
from fleet.coordinator.farms import Prospects, all_books, together
from fleet.coordinator.http_options import http_options
from fleet.coordinator.loop import Coordinator
from fleet.coordinator.observing.observed import Observed
from fleet.coordinator.observing.opening import observing
from fleet.coordinator.observing.server_rows import Account
from fleet.coordinator.output.banner import print_banner
from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.output import RunOutput
from fleet.coordinator.output.summary import summary, summed_up
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.server_loop import ServerLoop
from fleet.coordinator.startup.assembly import make_lines, make_output
from fleet.coordinator.startup.exclusive import only_coordinator
from fleet.coordinator.startup.one_core import stay_on_one_core
from fleet.coordinator.startup.open_broker import open_broker
from fleet.coordinator.startup.open_server import Named, OpenServer, loaded_farm, named_miners, open_server, prospect_of
from fleet.coordinator.startup.rereading import Reloadables, rereading
from fleet.coordinator.startup.start import Run, Start
from fleet.coordinator.startup.steered import steered
from fleet.coordinator.startup.stop_signals import stop_on_signals
from fleet.coordinator.steering.steering import Steering
from fleet.coordinator.watchdog import Watchdog
from fleet.errors import ServiceError
from fleet.ledger.storage.engine import shown_url
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.witness import Witness
from fleet.money.scopes import Scope, Scopes, Standing, added, with_answer_times
from fleet.server.client import Client
from fleet.server.prospect import Prospect
from fleet.threads import WatchedThread
from tasks.broker.handshake import process_refusal


@dataclass(frozen=True, kw_only=True, slots=True)
class _Served:
    """One server that is mined at."""

    opened: OpenServer
    named: Named
    farm: Farm
    prospect: Prospect


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mined:
    """What remains of a run to make its figures from."""

    servers: list[_Served]
    report: RunOutput
    asked_to_stop: bool


def run_coordinator(settings: Settings, run: Run) -> dict[str, Any]:
    """Mine until stopped. Returns the figures of the run.

    Raises ServiceError without a server or a usable Redis, RedisHeld when another coordinator uses it, LedgerError when
    the ledger can't be used, and ThreadEnded when a thread dies that the coordinator needs.
    """
    servers, redis_url = _addresses(settings)
    options = [http_options(settings, None if run.simulated else server) for server in servers]
    raise_refusal(process_refusal(redis_url, as_worker=False))
    # before this process keeps to one core: it may count those that it is allowed
    has = of_hosts(redis_url)
    if settings.one_core:
        stay_on_one_core()
    lines, witness = make_lines(settings, run.out), Witness(settings, simulated=run.simulated)
    start = Start(settings=settings, run=run, redis_url=redis_url, lines=lines, witness=witness, has=has)
    with contextlib.ExitStack() as stack:
        lease_thread = stack.enter_context(only_coordinator(settings, redis_url, start.inbox))
        watchdog = stack.enter_context(Watchdog(sys.stderr))
        several = [
            stack.enter_context(open_server(start, server, chosen))
            for server, chosen in zip(servers, options, strict=True)
        ]
        mined = _mine(start, several, watchdog, lease_thread)
        figures = _figures(start, mined)
        heads = start.free(lambda: witness.keep(several[0].ledger))
    return figures | {"heads": witness.post(heads, lines.say)}


def _mine(start: Start, several: Sequence[OpenServer], watchdog: Watchdog, lease: WatchedThread) -> _Mined:
    """Run the loop until it is stopped and drained."""
    settings, run, free = start.settings, start.run, start.free
    servers, ready, report = _prepared(start, several)
    keys = {spec.miner_id: one.opened.name for one in servers for spec in one.named.specs}
    disguise = Disguise(ready.names, keys)
    with (
        open_broker(settings, start.redis_url, start.inbox, disguise) as broker,
        steered(start, ready, broker.hosts) as controls,
        observing(settings, ready, broker.in_redis, free, controls.steering) as observers,
    ):
        own = [thread for one in several for thread in (one.transport.thread, one.books.thread)]
        threads = (*own, lease, *controls.threads, *broker.threads)
        alive_file = _alive_file(settings, threads, ready, controls.steering)
        loops = [_server_loop(start, one) for one in servers]
        coordinator = Coordinator(
            loops,
            broker=broker.dispatcher,
            watcher=report,
            observer=observers,
            alive_file=alive_file,
            inbox=start.inbox,
            failover_s=(settings.failover.after_s, settings.failover.back_s),
            steering=controls.steering,
        )
        live = (*(loop.reloaded for loop in loops), coordinator.reloaded, observers.reloaded, report.reloaded)
        parts = Reloadables(
            servers=[(one.opened, one.named, one.farm) for one in servers],
            names=ready.names,
            keys=keys,
            disguise=disguise,
            miners_changed=observers.miners_changed,
            live=live,
            record=controls.record_reload,
        )
        with rereading(start, parts, coordinator) as hang_up, _progress_ended(start.lines):
            stop_on_signals(start.inbox, hang_up)
            watchdog.watch(alive_file.all_progress)
            coordinator.run(None if run.for_s is None else time.monotonic() + run.for_s)
    return _Mined(servers=servers, report=report, asked_to_stop=coordinator.asked_to_stop)


def _alive_file(settings: Settings, threads: Sequence[WatchedThread], ready: Observed, steering: Steering) -> AliveFile:
    return AliveFile(settings.alive_file, threads, ready.prospect, hosts_pause=lambda: steering.hosts_pause)


@contextlib.contextmanager
def _progress_ended(lines: Lines) -> Iterator[None]:
    """End a progress bar with the block, however that ends."""
    try:
        yield
    finally:
        lines.end_progress()


def _server_loop(start: Start, one: _Served) -> ServerLoop:
    settings, name, farm = start.settings, one.opened.name, one.farm
    transport, ledger = one.opened.transport, one.opened.ledger
    client = Client(one.opened.server.url, transport, transport.others)
    return ServerLoop(
        name=name,
        priority=one.opened.server.priority,
        farm=farm,
        books=one.opened.books,
        calls=ServerCalls(client, transport, start.inbox, server=name),
        drain_s=settings.drain_s,
        call_deadline_s=settings.http.call_deadline_s,
        network_every_s=settings.output.status_every_s,
        prospect=one.prospect,
        describes_hosts=settings.register_provider,
        abandoned=start.free(lambda: ledger.abandoned_sessions(set(farm.miners))),
    )


def _prepared(start: Start, several: Sequence[OpenServer]) -> tuple[list[_Served], Observed, RunOutput]:
    """Load the miners from the ledger and print the first lines."""
    named = named_miners(start, several)
    sums = (added([one.sums[0] for one in named]), added([one.sums[1] for one in named]))
    _print_first_lines(start, several, named, sums[1])
    servers: list[_Served] = []
    for one, of_one in zip(several, named, strict=True):
        farm = loaded_farm(start, one, of_one.specs, servers[0].farm.workers if servers else None)
        servers.append(_Served(opened=one, named=of_one, farm=farm, prospect=prospect_of(start, one, farm)))
    prospects = [one.prospect for one in servers]
    ready = Observed(
        farm=together({one.opened.name: one.farm for one in servers}),
        names={miner_id: name for one in named for miner_id, name in one.names.items()},
        books=all_books([one.books for one in several]),
        prospect=Prospects(prospects) if len(prospects) > 1 else prospects[0],
        place=LedgerPlace(url=start.witness.url, simulated=start.run.simulated),
        accounts=tuple(_account(one) for one in servers),
        now_ms=start.wall.now_ms,
        say=start.lines.say,
    )
    return servers, ready, make_output(start.settings, start.lines, sums, ready.books, start.wall)


def _account(one: _Served) -> Account:
    server, name = one.opened.server, one.opened.name
    return Account(
        key=name,
        name=name or server.ledger_name,
        ledger_name=server.ledger_name,
        booked=one.named.sums[1].booked,
        farm=one.farm,
        prospect=one.prospect,
    )


def _figures(start: Start, mined: _Mined) -> dict[str, Any]:
    """The figures of the run, and where there are several servers, of each of them too."""
    wall, several = start.wall, mined.servers
    parts, standings = list[Scopes](), dict[str, Standing]()
    for one in several:
        ledger, miners = one.opened.ledger, one.farm.miners
        parts.append(start.free(partial(ledger.scopes, one.opened.run_id, list(miners))))
        # when the server last stated a total: according to the ledger, or to any answer since this start
        stated_at = {miner_id: miner.total_stated_at for miner_id, miner in miners.items()}
        stated = start.free(ledger.standings)
        standings |= with_answer_times(stated, stated_at, now=time.monotonic(), now_ms=wall.now_ms())
    scopes = Scopes(
        run=added([part.run for part in parts]),
        ledger=added([part.ledger for part in parts]),
        since_base=added([part.since_base for part in parts]),
    )
    prospect = Prospects([one.prospect for one in several])
    figures = summary(
        farm=together({one.opened.name: one.farm for one in several}),
        names={miner_id: name for one in several for miner_id, name in one.named.names.items()},
        scopes=scopes,
        standings=standings,
        tally=mined.report.tally,
        verdict=prospect.at_end(assigned=scopes.run.jobs["assigned"], asked=mined.asked_to_stop),
        duration_s=(wall.now_ms() - wall.jumped_ms - min(one.named.began_at_ms for one in several)) / 1000,
    )
    by_server = [summed_up(one.opened.server, one.farm, part) for one, part in zip(several, parts, strict=True)]
    servers = {"servers": by_server} if len(several) > 1 else {}
    where = ", ".join(one.opened.name or one.opened.server.url for one in several)
    return {"server": where, "simulated": start.run.simulated} | figures | servers


def _addresses(settings: Settings) -> tuple[tuple[ServerSettings, ...], str]:
    """The servers, and the URL of Redis."""
    if not settings.servers:
        raise ServiceError("no server is named: set FLEET_SERVER, or run `fleet up` for a farm on the simulator")
    if settings.redis_url is None:
        raise ServiceError("no Redis is named: set FLEET_REDIS_URL, or run `fleet up`, which starts one")
    return settings.servers, settings.redis_url.get_secret_value()


def _print_first_lines(start: Start, several: Sequence[OpenServer], named: Sequence[Named], booked: Scope) -> None:
    """Print the banner, and a warning if this may not be the ledger of the last start."""
    print_banner(
        start.lines,
        servers=[one.server for one in several],
        simulated=start.run.simulated,
        specs=[spec for one in named for spec in one.specs],
        auto=start.settings.auto,
        ledger=shown_url(start.witness.url),
        booked=booked.booked,
    )
    for doubt in start.free(lambda: start.witness.doubts(several[0].ledger)):
        start.lines.say(f"[WARN]   {doubt}; restore the right one, or remove ledger.heads if it is", "yellow")
