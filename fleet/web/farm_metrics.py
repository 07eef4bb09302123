"""All metrics of a farm in one registry: those of events, and those of its snapshot."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry

from fleet.status.snapshot import FarmSnapshot
from fleet.web.metrics import EventMetrics
from fleet.web.snapshot_metrics import SnapshotMetrics


def farm_metrics(latest: Callable[[], FarmSnapshot | None], *, release: str) -> tuple[EventMetrics, CollectorRegistry]:
    """What counts events, and the registry to serve; `latest` gives the newest snapshot."""
    registry = CollectorRegistry()
    registry.register(SnapshotMetrics(latest))
    return EventMetrics(registry, release=release), registry
