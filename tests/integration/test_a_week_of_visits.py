"""A page that is open for a week, and all who come by, leave nothing behind in the coordinator."""

from __future__ import annotations

import asyncio
import base64
import gc
import tracemalloc
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import psutil

from fleet.domain.calendar import Calendar
from fleet.ledger.reports.history import Paid
from fleet.status.snapshot import FarmSnapshot
from fleet.web.farm_metrics import MetricsText, farm_metrics
from fleet.web.pages import Pages
from fleet.web.past import Past
from fleet.web.reading import LedgerThread
from fleet.web.sources import FarmSources, LedgerReader
from fleet.web.visitors import Visitors
from tests.support.sites import site
from tests.support.snapshots import AT_MS, MINER, SNAPSHOT

HOUR_S, DAY_H = 3_600, 24
#: bytes that may differ between the end of the first day and that of the week
_SCATTER = 300_000


@dataclass
class Week:
    """A farm whose clock is moved by hand, with all that its visitors can reach."""

    thread: LedgerThread
    hour: int = 0
    farm: FarmSnapshot = SNAPSHOT
    pages: Pages = field(init=False)
    past: Past = field(init=False)
    metrics: MetricsText = field(init=False)
    visitors: Visitors = field(init=False)

    def __post_init__(self) -> None:
        self.past = Past(self.paid, self.paid, self.now_ms, self.now, Calendar("Asia/Kolkata"))
        events, registry = farm_metrics(lambda: self.farm, release="1")
        self.metrics = MetricsText(registry, clock=self.now)
        self.visitors = Visitors(
            address="127.0.0.1", names=(), password="a:long-password", tokens=lambda _: None, clock=self.now
        )
        nothing = LedgerReader(jobs=lambda *_: [], job=lambda _: ([], []), changes=lambda _: (), lost=list)
        sources = FarmSources(
            server="one",
            simulated=True,
            latest=lambda: self.farm,
            ended=events.jobs_ended,
            past=self.past,
            ledger=nothing,
            now_ms=self.now_ms,
            clock=self.now,
        )
        self.pages = Pages(sources, self.thread)

    def now(self) -> float:
        return float(self.hour * HOUR_S)

    def now_ms(self) -> int:
        return AT_MS + self.hour * HOUR_S * 1000

    @staticmethod
    def paid(since_ms: int, until_ms: int) -> list[Paid]:
        places = range(since_ms // 60_000, until_ms // 60_000, 60)
        return [Paid(at, MINER.name, "inference", "shed", "one", 2, Decimal("0.1")) for at in places]

    async def an_hour_later(self) -> None:
        self.hour += 1
        hour = self.hour
        self.farm = replace(SNAPSHOT, at_ms=self.now_ms(), miners=(replace(MINER, state=f"state {hour}"),))
        for path, query in (
            ("/", {}),
            ("/", {"span": "24 h"}),
            ("/", {"span": "30 d"}),
            ("/miners", {"q": f"search {hour}", "page": f"{hour}"}),
            ("/miner", {"name": MINER.name}),
            ("/job", {"id": f"job-{hour}"}),
            ("/steer", {"name": f"name {hour}"}),
            (f"/path-{hour}", {}),
        ):
            await self.pages.answer(path, query)
        while self.past.look():
            pass
        self.metrics.text()
        for number in range(50):
            guess = base64.b64encode(f"a:guess {hour} {number}".encode()).decode()
            self.visitors.admit("127.0.0.1", f"10.{hour}.0.{number}", f"Basic {guess}")


def test_a_week_of_pages_searches_and_guesses_keeps_no_memory() -> None:
    kept: dict[int, int] = {}

    async def all_of_it() -> None:
        with closing(LedgerThread("page")) as thread:
            week = Week(thread)
            while week.hour < 7 * DAY_H:
                await week.an_hour_later()
                if week.hour in {DAY_H, 7 * DAY_H}:
                    gc.collect()
                    kept[week.hour] = tracemalloc.get_traced_memory()[0]

    tracemalloc.start(1)
    try:
        asyncio.run(all_of_it())
    finally:
        tracemalloc.stop()
    assert kept[7 * DAY_H] < kept[DAY_H] + _SCATTER, kept


def test_each_visit_gives_its_connection_back(tmp_path: Path) -> None:
    own = psutil.Process()
    with site(tmp_path) as server:

        def visit() -> None:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/", timeout=60) as answer:
                answer.read()

        repeated(visit, 20)
        files, threads = own.num_fds(), own.num_threads()
        repeated(visit, 300)
        assert own.num_fds() <= files + 2
        assert own.num_threads() <= threads


def repeated(action: Callable[[], None], times: int) -> None:
    for _ in range(times):
        action()
