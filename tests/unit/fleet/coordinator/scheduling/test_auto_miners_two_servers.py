"""With `miners = "auto"`, each of two servers gets as many miners as earn the most there."""

from __future__ import annotations

from dataclasses import replace

from tests.virtual.draw import draw_plan
from tests.virtual.plan import undisturbed
from tests.virtual.schedule import Schedule

MINERS, MINING_S = 4, 600.0


def test_the_miners_at_each_server_follow_what_it_pays() -> None:
    """The first one shares a fixed sum among all miners, and its limit is small; the second pays each job the same."""
    plan = replace(
        undisturbed(draw_plan(1)),
        miners=MINERS,
        pinned=0,
        mining_s=MINING_S,
        kernel_s=6.0,
        latency_s=0.1,
        workers=20,
        drain_s=60.0,
        rules={},
    )
    shared = replace(plan, dialect="c", server_limit=60, governor_limit=60)
    fixed = replace(plan, dialect="a", server_limit=5000, governor_limit=5000)
    schedule = Schedule(replace(shared, second=fixed))
    seen: list[list[int]] = []
    for moment in range(420, int(MINING_S), 30):
        schedule.timeline.at(
            float(moment),
            lambda: seen.append([site.server.simulator.world.census.sessions for site in schedule.sites]),
        )
    schedule.run()
    mean = [sum(counts) / len(seen) for counts in zip(*seen, strict=True)]
    assert mean[0] <= 2
    assert mean[1] >= MINERS - 1
