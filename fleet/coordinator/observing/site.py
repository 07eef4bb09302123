"""Serves the farm's page and its metrics beside the loop."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from config.hiding import hidden
from config.sections import WebSettings
from config.settings import Settings
from fleet.coordinator.observing.metrics import MetricsObserver
from fleet.coordinator.observing.observed import Observed
from fleet.domain.calendar import Calendar
from fleet.status.control_desk import Desk, desk_at
from fleet.status.snapshot import FarmSnapshot
from fleet.status.stated import head_stated
from fleet.web.farm_metrics import MetricsText, farm_metrics
from fleet.web.scraping import ScrapeServer
from fleet.web.site import ServedFarm, serving
from tasks.broker.handshake import release


@contextlib.contextmanager
def site(
    settings: Settings,
    parts: Observed,
    latest: Callable[[], FarmSnapshot | None],
    live: LiveTags,
) -> Iterator[list[MetricsObserver]]:
    """Serve page and metrics where the settings say, and say where the page is; a port in use only gives a warning."""
    if not settings.web.port and settings.web.metrics_token is None:
        yield []
        return
    events, registry = farm_metrics(latest, release=release(), tags=live.by_name)
    farm = ServedFarm(
        place=parts.place,
        folder=settings.state_dir,
        server=parts.server,
        accounts=tuple(account.ledger_name for account in parts.accounts),
        names={account.key: account.ledger_name for account in parts.accounts if account.key},
        calendar=Calendar(settings.time_zone),
        latest=latest,
        desk=lambda: _desk(live.settings, parts, latest()),
        ended=events.jobs_ended,
        metrics=MetricsText(registry),
    )
    with contextlib.ExitStack() as stack:
        for lacks, port, name, opened in _listeners(settings.web, farm, parts.say):
            try:
                stack.enter_context(opened())
            except OSError as exc:
                why = exc.strerror or str(exc)
                parts.say(f"[WARN]   {lacks} {port}: {why}; name another one by {name}")
        yield [MetricsObserver(events, parts.farm, heartbeat_s=settings.heartbeat_s)]


def _desk(settings: Settings, parts: Observed, farm: FarmSnapshot | None) -> Desk:
    figures = {} if farm is None else head_stated(farm)
    return desk_at(settings, parts.place, figures, runs=True)


class LiveTags:
    """The tags of each miner that has any, by its name, as the settings now say."""

    def __init__(self, settings: Settings, names: Mapping[str, str]) -> None:
        """`names` are by miner id."""
        self._names = names
        #: the settings as they are now
        self.settings = settings
        self.by_name = _tags(settings, names)

    def reloaded(self, settings: Settings) -> None:
        """Replace them, for whoever reads the same mapping."""
        self.settings = settings
        self.by_name.clear()
        self.by_name.update(_tags(settings, self._names))


def _tags(settings: Settings, by_id: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The tags of each miner that has any, by its name; `by_id` has the names."""
    names = {miner_id.lower(): name for miner_id, name in by_id.items()}
    named = ((names.get(miner.id.lower()), miner.tags) for miner in settings.miner)
    return {name: tuple(hidden(tag) for tag in tags) for name, tags in named if name is not None and tags}


def _listeners(
    web: WebSettings, farm: ServedFarm, say: Callable[[str], None]
) -> Iterator[tuple[str, int, str, Callable[[], contextlib.AbstractContextManager[object]]]]:
    """Each listener that the settings ask for: what is missing without it, its port, whose setting, what opens it."""
    if web.port:
        yield "no page on port", web.port, "FLEET_WEB__PORT, or 0", lambda: _page(farm, web, say)
    token = web.metrics_token
    if token is not None:
        shown = token.get_secret_value()
        yield (
            "no metrics on port",
            web.metrics_port,
            "FLEET_WEB__METRICS_PORT",
            lambda: contextlib.closing(ScrapeServer(farm.metrics, web.metrics_address, web.metrics_port, token=shown)),
        )


@contextlib.contextmanager
def _page(farm: ServedFarm, web: WebSettings, say: Callable[[str], None]) -> Iterator[None]:
    with serving(farm, web):
        host = f"[{web.address}]" if ":" in web.address else web.address
        everywhere = web.address in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
        say(f"[OK]     page: {f'port {web.port} of each address' if everywhere else f'http://{host}:{web.port}'}")
        yield
