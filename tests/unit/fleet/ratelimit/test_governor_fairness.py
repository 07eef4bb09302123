"""Miners that share a server's limit get equal shares of it, whatever their heartbeats interrupt."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests.virtual.draw import draw_plan
from tests.virtual.plan import undisturbed
from tests.virtual.schedule import Schedule

MINERS = 12


def test_where_the_limit_holds_all_back_each_miner_gets_the_same_share() -> None:
    plan = replace(
        undisturbed(draw_plan(1)),
        # where heartbeats bring no jobs: of those, each miner leaves the ones that pay less than its share could
        dialect="b",
        miners=MINERS,
        mining_s=900.0,
        latency_s=0.1,
        kernel_s=0.01,
        server_limit=120,
        governor_limit=120,
    )
    schedule = Schedule(plan)
    schedule.run()
    rows = schedule.server.simulator.book.rows(since=0)
    jobs = Counter(row["miner"] for _, row in rows if row["kind"] == "job")
    assert len(jobs) == MINERS
    mean = jobs.total() / MINERS
    assert max(abs(count - mean) for count in jobs.values()) <= 0.1 * mean + 1, jobs
