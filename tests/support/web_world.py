"""The pages of a made-up farm, and what is in their HTML."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TypeVar

from fleet.control.control import ControlChange, LogEntry, Target, TargetKind
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.domain.causes import Loss
from fleet.errors import LedgerError
from fleet.health.reasons import LostToday
from fleet.ledger.reports.job_history import Life, Match
from fleet.ledger.reports.latest import PaidJob
from fleet.status.snapshot import FarmSnapshot
from fleet.web.pages import Pages
from fleet.web.past import Past
from fleet.web.reading import LedgerThread
from fleet.web.sources import FarmSources, LedgerReader
from tests.support.snapshots import AT_MS, MARKUP, SNAPSHOT

T = TypeVar("T")


class Elements(HTMLParser):
    """The tags, attributes and texts of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.given: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.given += [(name, value or "") for name, value in attrs]

    @property
    def attributes(self) -> list[str]:
        """The names of all attributes."""
        return [name for name, _ in self.given]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


CHANGE = LogEntry(
    number=1,
    at_ms=AT_MS,
    change=ControlChange.PAUSE,
    target=Target(kind=TargetKind.MINER, name=MARKUP),
    who=MARKUP,
    reason=MARKUP,
)


@dataclass(kw_only=True, slots=True)
class World:
    """The sources of pages, changed by hand."""

    farm: FarmSnapshot | None = SNAPSHOT
    jobs: list[PaidJob] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    found: list[Match] = field(default_factory=list)
    broken: bool = False
    now: float = 1000.0
    reads: int = 0

    def read(self, value: T) -> T:
        self.reads += 1
        if self.broken:
            raise LedgerError(MARKUP)
        return value

    def pages(self, thread: LedgerThread) -> Pages:
        return Pages(
            FarmSources(
                server="simulator" if self.farm is None else self.farm.server,
                simulated=True,
                latest=lambda: self.farm,
                ended=lambda: {("accepted", MARKUP): 3},
                past=Past(lambda *_: [], lambda *_: [], lambda: AT_MS, lambda: self.now, Calendar()),
                ledger=LedgerReader(
                    jobs=lambda *_: self.read(self.jobs),
                    job=lambda _: self.read((self.lives, self.found)),
                    changes=lambda _: self.read((CHANGE,)),
                    lost=lambda: self.read([LostToday(miner=MARKUP, cause=Loss.EXPIRED, jobs=1, amount=ZERO)]),
                ),
                now_ms=lambda: AT_MS,
                clock=lambda: self.now,
            ),
            thread,
        )

    def run(self, use: Callable[[Pages], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            with closing(LedgerThread("page")) as thread:
                await use(self.pages(thread))

        asyncio.run(all_of_it())

    def page(self, path: str, **query: str) -> tuple[int, str]:
        """Status and document."""
        found = []

        async def ask(pages: Pages) -> None:
            found.append(await pages.answer(path, query))

        self.run(ask)
        return found[0].status, found[0].body.decode()
