"""Puts a farm's site together: its pages, what they read of the ledger, and its metrics."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.hiding import hidden
from config.sections import WebSettings
from fleet.broker.disguise import split_id
from fleet.control.control import LogEntry
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.errors import TokenRefused
from fleet.health.reasons import LostToday
from fleet.ledger.controls import ControlBook, farm_key
from fleet.ledger.reports.growing_minutes import GrowingMinutes
from fleet.ledger.reports.history import Paid, minutes_and_hours
from fleet.ledger.reports.job_history import Life, Match, find
from fleet.ledger.reports.latest import latest_jobs
from fleet.ledger.reports.losses import losses
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.control_desk import Desk
from fleet.status.snapshot import FarmSnapshot
from fleet.tokens import token
from fleet.tokens.token_file import TokenFile
from fleet.web.api import Questions
from fleet.web.farm_metrics import MetricsText
from fleet.web.orders import Orders
from fleet.web.pages import Pages
from fleet.web.past import Past
from fleet.web.reading import LedgerThread
from fleet.web.server import Served, WebServer
from fleet.web.sources import FarmSources, LedgerReader
from fleet.web.views import Ended
from fleet.web.visitors import Visitors

_HOUR_MS, _DAY_HOURS = 3_600_000, 24
#: jobs listed where the beginning of an id matches several
_LISTED = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedFarm:
    """The farm whose site is served."""

    place: LedgerPlace
    #: its folder, with its tokens
    folder: Path
    #: the server's name in the ledger, or the names of several
    server: str
    #: what the ledger calls each server
    accounts: tuple[str, ...]
    #: the same by the names that job ids begin with in Flower; empty for a farm at one server
    names: Mapping[str, str] = field(default_factory=dict)
    #: the days that its pages show
    calendar: Calendar
    latest: Callable[[], FarmSnapshot | None]
    #: where its controls are read and changed
    desk: Callable[[], Desk]
    #: jobs that ended since the coordinator's start, by outcome and type
    ended: Callable[[], Ended]
    metrics: MetricsText


@contextlib.contextmanager
def serving(farm: ServedFarm, settings: WebSettings) -> Iterator[WebServer]:
    """Serve the site of a farm. Raises OSError where the address can't be bound."""
    password = None if settings.basic_auth is None else settings.basic_auth.get_secret_value()
    visitors = Visitors(
        address=settings.address,
        names=settings.names,
        password=password,
        tokens=_finder(TokenFile(farm.folder)),
        clock=time.monotonic,
    )
    with contextlib.closing(_past(farm)) as past:
        sources = FarmSources(
            server=hidden(farm.server),
            simulated=farm.place.simulated,
            latest=farm.latest,
            ended=farm.ended,
            past=past,
            ledger=_reader(farm),
            now_ms=wall_ms,
            clock=time.monotonic,
        )
        with (
            contextlib.closing(LedgerThread("page")) as thread,
            contextlib.closing(Orders(farm.desk, farm.calendar, wall_ms)) as orders,
        ):
            pages, questions = Pages(sources, thread), Questions(sources, thread)
            served = Served(pages=pages, questions=questions, orders=orders, metrics=farm.metrics)
            with contextlib.closing(WebServer(visitors, served, settings.address, settings.port)) as server:
                yield server


def _finder(file: TokenFile) -> Callable[[str], token.Token | None]:
    def found(text: str) -> token.Token | None:
        try:
            return token.find(text, file.tokens(), wall_ms())
        except (TokenRefused, OSError):
            # a broken file admits nobody; `fleet token list` says what is wrong with it
            return None

    return found


def _past(farm: ServedFarm) -> Past:
    place, accounts = farm.place, farm.accounts

    def by_hour(since_ms: int, until_ms: int) -> list[Paid]:
        return minutes_and_hours(place, accounts, since_ms, until_ms)

    past = Past(GrowingMinutes(place, accounts), by_hour, wall_ms, time.monotonic, farm.calendar)
    past.start()
    return past


def _reader(farm: ServedFarm) -> LedgerReader:
    place, accounts, names = farm.place, farm.accounts, farm.names

    def changes(most: int) -> tuple[LogEntry, ...]:
        engine = open_engine(place.url, read_only=True)
        with contextlib.closing(ControlBook(engine, farm_key(place, accounts[0]))) as book:
            return book.log(most)

    def job(wanted: str) -> tuple[list[Life], list[Match]]:
        name, own = split_id(wanted)
        engine = open_engine(place.url, read_only=True)
        try:
            if name in names:
                return find(engine, own, _LISTED, names[name])
            return find(engine, wanted, _LISTED)
        finally:
            engine.dispose()

    return LedgerReader(
        jobs=lambda most, miner, host: latest_jobs(place, most, miner=miner, host=host),
        job=job,
        changes=changes,
        lost=lambda: _lost(place, accounts),
    )


def _lost(place: LedgerPlace, accounts: Collection[str]) -> list[LostToday]:
    since_hour = wall_ms() // _HOUR_MS - _DAY_HOURS + 1
    return [
        LostToday(miner=one.miner, cause=one.cause, jobs=one.jobs, amount=one.amount)
        for one in losses(place, since_hour=since_hour)
        if one.server in accounts
    ]
