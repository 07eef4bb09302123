"""What the page costs a farm at full flow, and how long a page takes on a ledger of a million jobs.

python -m bench page

The pairs take about six minutes, the pages of the large ledger another one. `bench/page_flow.py` measures the pairs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from bench import million
from bench.page_flow import asked, page_flow
from bench.rows import Row
from config.sections import WebSettings
from config.settings import Settings
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.latest import latest_jobs
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
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

#: milliseconds of a page
PAGE_MS = 300.0
#: seconds after its start in which nobody looks at a page
_START_S = 3.0


def page() -> list[Row]:
    """Measure the pairs, and then each page of a large ledger."""
    return [*page_flow(), *_pages_of_a_million()]


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
        # a coordinator compiles its templates at its start, before anybody looks
        time.sleep(_START_S)
        for name, path in paths.items():
            # the first look counts: nothing is kept yet
            first = asked(server.port, path)
            time.sleep(2.1)
            yield Row(
                part="page",
                name=f"{name}, of a ledger of {million.JOBS:,} jobs",
                runs=[first, asked(server.port, path)],
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
