"""Prometheus's own tool finds nothing wrong with the names, types and texts of the metrics."""

from __future__ import annotations

from prometheus_client.exposition import generate_latest

from fleet.web.farm_metrics import farm_metrics
from tests.support.promtool import check_metrics
from tests.support.snapshots import SNAPSHOT


def test_promtool_finds_nothing_wrong() -> None:
    events, registry = farm_metrics(lambda: SNAPSHOT, release="0.1.0")
    events.call("task", "RateLimited", 0.2)
    events.heartbeat(0.1)
    events.ended("inference", "accepted")
    events.booked("job")
    events.sent("inference", again=True)
    events.computed("inference", "shed", 0.01)
    events.failed("inference", "shed", "time_limit")
    text = generate_latest(registry).decode()
    assert text.count("# TYPE") > 30
    assert check_metrics(text) == ""


def test_promtool_would_find_a_wrong_name() -> None:
    assert "counter metrics should have" in check_metrics("# HELP jobs Jobs.\n# TYPE jobs counter\njobs 1\n")
