"""A farm's site over a ledger of its own, without a coordinator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.sections import WebSettings
from config.settings import Settings
from fleet.domain.calendar import Calendar
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
from fleet.status.control_desk import Desk, desk_at
from fleet.status.snapshot import FarmSnapshot
from fleet.web.farm_metrics import MetricsText, farm_metrics
from fleet.web.server import WebServer
from fleet.web.site import ServedFarm, serving
from tests.support.snapshots import SNAPSHOT


@contextmanager
def site(
    folder: Path,
    settings: WebSettings | None = None,
    *,
    latest: Callable[[], FarmSnapshot | None] = lambda: SNAPSHOT,
    desk: Callable[[], Desk] | None = None,
) -> Iterator[WebServer]:
    """Serves the site of a farm whose ledger in `folder` is there already, or else empty, on a free port."""
    place = LedgerPlace(url=f"sqlite:///{folder / 'ledger.sqlite'}", simulated=False)
    open_engine(place.url).dispose()
    events, registry = farm_metrics(latest, release="0.1.0")
    server = "https://neonet.example.com"
    farm = ServedFarm(
        place=place,
        folder=folder,
        server=server,
        accounts=(server,),
        calendar=Calendar(),
        latest=latest,
        desk=desk or (lambda: desk_at(Settings(), place, {}, runs=True)),
        ended=events.jobs_ended,
        metrics=MetricsText(registry),
    )
    with serving(farm, settings or WebSettings(port=0)) as found:
        yield found
