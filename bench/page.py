"""What the page costs a farm at full flow, and how long a page takes on a ledger of a million jobs.

python -m bench page

One file: both measurements serve the same site.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from bench import million
from bench.flow import flow
from bench.rows import Bound, Row
from config.sections import WebSettings
from config.settings import Settings
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.ledger.engine import open_engine
from fleet.ledger.ledger import Ledger
from fleet.ledger.places import LedgerPlace
from fleet.ledger.reports.latest import latest_jobs
from fleet.local.redis_server import free_port
from fleet.status.control_desk import desk_at
from fleet.status.snapshot import (
    Earnings,
    FarmSnapshot,
    LedgerFigures,
    MinerFigures,
    Queue,
    Requests,
)
from fleet.web.farm_metrics import MetricsText, farm_metrics
from fleet.web.site import ServedFarm, serving

PAIRS, MINERS, CLIENTS = 3, 200, 10
#: seconds between two looks of an open page, and between two of Prometheus
_LOOK_S, _SCRAPE_S = 3.0, 5.0
#: share of the flow without page, metrics and clients in percent, and milliseconds of a page
TARGET, PAGE_MS = 98.0, 300.0
_HOST = "127.0.0.1"


def page() -> list[Row]:
    """Measure in pairs, the one with the page first in every other pair, and then each page of a large ledger."""
    shares = []
    for number in range(PAIRS):
        order = (True, False) if number % 2 else (False, True)
        rates = {served: _jobs_per_s(served=served) for served in order}
        shares.append(rates[True] / rates[False] * 100)
    return [
        Row(
            part="page",
            name=f"flow with page, metrics and {CLIENTS} open clients, of that without",
            runs=shares,
            unit="%",
            target=TARGET,
            bound=Bound.AT_LEAST,
        ),
        *_pages_of_a_million(),
    ]


def _jobs_per_s(*, served: bool) -> float:
    port = free_port()
    with _clients(port if served else None):
        return flow(miners=MINERS, seconds=8.0, settings={"FLEET_WEB__PORT": str(port if served else 0)}).jobs_per_s


@contextmanager
def _clients(port: int | None) -> Iterator[None]:
    """Visitors who keep pages open, and a Prometheus; none without a port."""
    over = threading.Event()
    visits = [("/", _LOOK_S)] * (CLIENTS - 2) + [
        ("/miners", _LOOK_S),
        ("/?span=24 h", _LOOK_S),
        ("/metrics", _SCRAPE_S),
    ]
    threads = [
        threading.Thread(target=_visit, args=(port, path, every_s, over), daemon=True)
        for path, every_s in (visits if port is not None else ())
    ]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in threads:
            one.join()


def _visit(port: int, path: str, every_s: float, over: threading.Event) -> None:
    while not over.wait(every_s):
        # the farm is not there yet, or not any more
        with suppress(OSError, http.client.HTTPException):
            _asked(port, path)


def _asked(port: int, path: str) -> float:
    """Milliseconds of an answer. Raises OSError."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(_HOST, port, timeout=30)
    try:
        connection.request("GET", quote(path, safe="/?=&"))
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"{path} is answered by {answer.status}")
    finally:
        connection.close()
    return (time.perf_counter() - began) * 1000


def _pages_of_a_million() -> Iterator[Row]:
    place = LedgerPlace(url=f"sqlite:///{million.copied()}", simulated=True)
    with Ledger(open_engine(place.url), million.SERVER) as ledger:
        ledger.name_miners({million.miner_id(number): million.miner_id(number) for number in range(million.MINERS)})
    (newest,) = latest_jobs(place, 1)
    made = _snapshot()
    events, registry = farm_metrics(lambda: made, release="bench")
    farm = ServedFarm(
        place=place,
        folder=Path(place.url.removeprefix("sqlite:///")).parent,
        server=million.SERVER,
        accounts=(million.SERVER,),
        calendar=Calendar(),
        latest=lambda: made,
        desk=lambda: desk_at(Settings(), place, {}, runs=True),
        ended=events.jobs_ended,
        metrics=MetricsText(registry),
    )
    with serving(farm, WebSettings(port=0)) as server:
        paths = {
            "overview, 1 h": "/",
            "overview, 30 d": "/?span=30 d",
            "miners": "/miners",
            "a miner": f"/miner?name={newest.miner}",
            "jobs": "/jobs",
            "a job": f"/job?id={newest.job_id}",
        }
        for name, path in paths.items():
            # the first look counts: nothing is kept yet
            first = _asked(server.port, path)
            time.sleep(2.1)
            yield Row(
                part="page",
                name=f"{name}, of a ledger of {million.JOBS:,} jobs",
                runs=[first, _asked(server.port, path)],
                unit="ms",
                target=PAGE_MS,
            )


def _snapshot() -> FarmSnapshot:
    now_ms = time.time_ns() // 1_000_000
    return FarmSnapshot(
        at_ms=now_ms,
        started_ms=now_ms,
        release="bench",
        server=million.SERVER,
        simulated=True,
        state="mining",
        earnings=Earnings(
            recent=ZERO,
            recent_s=300.0,
            today=ZERO,
            yesterday=ZERO,
            projected=None,
            ledger=Decimal(370_370),
            last_paid_ms=now_ms,
        ),
        miners=tuple(_miner(million.miner_id(number), now_ms) for number in range(million.MINERS)),
        sessions={"mining": million.MINERS},
        types=(),
        hosts=(),
        requests=Requests(limit=5000, window_s=60.0, used=0, refused=0, more_miners=0, left_out=0),
        queue=Queue(messages=0, open_jobs=0, at_workers=0, oldest_s=None),
        losses=(),
        ledger=LedgerFigures(commit_median_ms=1.0, commit_worst_ms=1.0, unexplained=ZERO),
        gas=None,
        phase=None,
        wrong=(),
    )


def _miner(name: str, now_ms: int) -> MinerFigures:
    return MinerFigures(
        name=name,
        state="mining",
        ledger=Decimal("3703.7"),
        today=ZERO,
        recent=ZERO,
        paid=10_000,
        lost=0,
        last_paid_ms=now_ms,
        unexplained=ZERO,
    )
