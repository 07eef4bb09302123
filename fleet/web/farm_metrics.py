"""All metrics of a farm in one registry: those of events, and those of its snapshot."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from fleet.status.snapshot import FarmSnapshot
from fleet.web.metrics import EventMetrics
from fleet.web.snapshot_metrics import SnapshotMetrics

#: seconds for which a text is given again, so that no number of requests costs more than one a second
_SAME_S = 1.0


def farm_metrics(
    latest: Callable[[], FarmSnapshot | None], *, release: str, tags: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[EventMetrics, CollectorRegistry]:
    """What counts events, and the registry to serve; `latest` gives the newest snapshot, `tags` are by miner's name."""
    registry = CollectorRegistry()
    events = EventMetrics(release=release)
    registry.register(SnapshotMetrics(latest, tags or {}))
    registry.register(events)
    return events, registry


class MetricsText:
    """The metrics as Prometheus reads them, made at most once a second. Any thread may ask."""

    def __init__(self, registry: CollectorRegistry, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._lock = threading.Lock()
        self._text, self._made_at = b"", float("-inf")

    def text(self) -> bytes:
        """The text format of Prometheus, version 0.0.4."""
        with self._lock:
            now = self._clock()
            if now - self._made_at >= _SAME_S:
                self._text, self._made_at = generate_latest(self._registry), now
            return self._text
