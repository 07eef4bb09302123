"""Opens what a coordinator needs for each of its servers: ledger, connections, miners."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from config.hiding import hidden, hide_by
from config.server_tables import ServerSettings
from config.settings import Settings
from fleet.coordinator.bookkeeper import Bookkeeper
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.scheduling.workforce import Workforce
from fleet.coordinator.startup.assembly import load_miner, make_farm, open_ledger, policy_of
from fleet.coordinator.startup.miner_ids import miner_specs, without_address
from fleet.coordinator.startup.start import Start
from fleet.domain.jobs import MinerSpec
from fleet.domain.miner_names import IdHider
from fleet.errors import Banned
from fleet.ledger.kept_work import MEGABYTE, Keeping
from fleet.ledger.ledger import Ledger
from fleet.ledger.run_ids import run_at
from fleet.miner.miner import Miner
from fleet.money.scopes import Scope
from fleet.ratelimit.capacity import shortfall
from fleet.server.http.choice import EngineName
from fleet.server.http.interface import Options
from fleet.server.http.opening import open_transport
from fleet.server.http.transport import Transport
from fleet.server.prospect import Prospect


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenServer:
    """One server, with its account in the ledger and its connections."""

    server: ServerSettings
    #: names it in output and before the ids of its jobs; empty for the only server
    name: str
    ledger: Ledger
    books: Bookkeeper
    transport: Transport
    #: of the run at this server
    run_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """The miners of one server."""

    specs: list[MinerSpec]
    #: miner id → name, for all miners of the server's account
    names: dict[str, str]
    #: when the run began, in UTC milliseconds
    began_at_ms: int
    #: what the run and the ledger have booked so far
    sums: tuple[Scope, Scope]


@contextlib.contextmanager
def open_server(start: Start, server: ServerSettings, options: tuple[EngineName, Options]) -> Iterator[OpenServer]:
    """Open the account of one server and the transport to it. Raises LedgerError when the ledger can't be used."""
    settings, run, witness = start.settings, start.run, start.witness
    account, name = server.ledger_name, server.name if len(settings.servers) > 1 else ""
    with (
        start.free(partial(_ledger, start, account, name)) as ledger,
        contextlib.closing(
            Bookkeeper(ledger, start.inbox.put, keep=partial(witness.keep, ledger), turn=start.writing)
        ) as books,
        open_transport(*options) as transport,
    ):
        run_id = run_at(run.run_id, name)
        yield OpenServer(server=server, name=name, ledger=ledger, books=books, transport=transport, run_id=run_id)


def _ledger(start: Start, account: str, name: str) -> Ledger:
    try:
        return open_ledger(
            account,
            start.wall,
            start.witness,
            simulated=start.run.simulated,
            keeping=Keeping(most_bytes=start.settings.audit.keep_mb * MEGABYTE, server=name),
            shown=start.lines.progress,
        )
    finally:
        start.lines.end_progress()


def named_miners(start: Start, servers: Sequence[OpenServer]) -> list[Named]:
    """The miners of each server. Output and log show names from now on.

    Prints a warning if a server's limit is too low for all of its miners, and if an id can't be spent from.
    """
    found: list[Named] = []
    for one in servers:
        taken = {name for other in found for name in other.names.values()}
        found.append(start.free(partial(_named, start, one, taken)))
    hide_by(IdHider({miner_id: name for one in found for miner_id, name in one.names.items()}))
    for one, of_one in zip(servers, found, strict=True):
        for warning in warnings_of(start.settings, one.server, of_one.specs, simulated=start.run.simulated):
            start.lines.say(f"[WARN]   {f'{one.name}: ' if one.name else ''}{warning}", "yellow")
    return found


class AccountsAtServer:
    """What a reload needs of the ledger at one server."""

    def __init__(self, settings: Settings, one: OpenServer) -> None:
        self._policy, self._ledger, self._books = policy_of(settings), one.ledger, one.books

    def name_miners(self, given: Mapping[str, str], taken: Sequence[str]) -> dict[str, str]:
        """Name the miners, and return id → name of all."""
        return self._ledger.name_miners(given, taken)

    def load(self, spec: MinerSpec) -> Miner:
        """The miner as the ledger knows it."""
        return load_miner(self._policy, spec, self._ledger.saved_miner(spec.miner_id), time.monotonic())

    def writing(self) -> bool:
        """Whether the loop's rows are being written. Raises LedgerError when that failed."""
        return not self._books.write_ended()


def _named(start: Start, one: OpenServer, taken: set[str]) -> Named:
    specs = miner_specs(start.settings, start.settings.state_dir, one.server, has=start.has)
    names = one.ledger.name_miners({spec.miner_id: spec.name for spec in specs}, taken)
    began_at_ms = one.ledger.begin_run(one.run_id)
    sums = one.ledger.run_and_ledger(one.run_id)
    return Named(specs=specs, names=names, began_at_ms=began_at_ms, sums=sums)


def warnings_of(
    settings: Settings, server: ServerSettings, specs: Sequence[MinerSpec], *, simulated: bool
) -> Iterator[str]:
    """What is wrong with the miners of a server: too many for its limit, ids that can't be spent from."""
    budget = server.budget(settings.budget)
    pinned = {miner.id.lower() for miner in settings.miner if miner.pinned}
    open_anyway = sum(spec.miner_id in pinned for spec in specs) if settings.auto else len(specs)
    too_many = shortfall(
        miners=open_anyway, limit=budget.requests, window_s=budget.window_s, heartbeat_s=settings.heartbeat_s
    )
    unspendable = "" if simulated else without_address(specs, settings.state_dir)
    yield from filter(None, (too_many, unspendable))


def loaded_farm(start: Start, one: OpenServer, specs: list[MinerSpec], beside: Workforce | None) -> Farm:
    """All miners of one server; `beside` is the workforce of another one.

    Prints a warning if the last run found that the miners that stay open cost income.
    """
    ledger = one.ledger
    farm = start.free(
        lambda: make_farm(start.settings, one.server, specs, ledger, one.books.find, start.lines.say, beside)
    )
    ban_s = start.free(ledger.ban_s)
    if ban_s is not None:
        farm.server.remember_ban(ban_s, time.monotonic())
    warning = farm.auto.adviser.kept(start.free(ledger.advice), stay_open=farm.auto.stay_open)
    if warning:
        start.lines.say(f"[EARN]   {f'{one.name}: ' if one.name else ''}{warning}")
    return farm


def prospect_of(start: Start, one: OpenServer, farm: Farm) -> Prospect:
    """The judgement on a server, which knows of a ban that an earlier start met."""
    mined = len(farm.jobs) > 0 or any(miner.account.booked for miner in farm.miners.values())
    patience_s = start.settings.give_up_s
    prospect = Prospect(one.server.url, mined=mined, patience_s=patience_s, now=start.began_at, hide=hidden)
    now = time.monotonic()
    if farm.server.banned(now):
        rest_s = max(farm.server.free_at - now, 0.0)
        prospect.observe(Banned(f"it said so to an earlier start; the next call is made in {rest_s:.0f} s"))
    return prospect
