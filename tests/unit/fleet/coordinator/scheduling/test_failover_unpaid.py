"""A whole farm whose first server refuses every result for minutes: the second one is mined at meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest import mock

from fleet.server.http.interface import Response
from tests.virtual.draw import draw_plan
from tests.virtual.plan import undisturbed
from tests.virtual.schedule import Schedule
from tests.virtual.timeline import EPOCH_S, ThreadTime

BEGINS_S, ENDS_S, MINING_S = 120.0, 500.0, 700.0
REFUSAL = json.dumps({"success": False, "error": "Invalid result format", "reward": 0}).encode()


def test_the_second_server_is_mined_at_while_the_first_refuses_every_result() -> None:
    plan = replace(
        undisturbed(draw_plan(1)),
        dialect="c",
        miners=2,
        mining_s=MINING_S,
        kernel_s=4.0,
        latency_s=0.3,
        workers=4,
        drain_s=60.0,
        server_limit=5000,
        governor_limit=5000,
        failover_s=(5.0, 30.0),
    )
    lines: list[str] = []
    schedule = Schedule(replace(plan, second=replace(plan, priority=2)), trace=lines.append)
    first, second = (site.server for site in schedule.sites)
    exchange = first.exchange

    def refusing(thread: ThreadTime, path: str, body: bytes | None) -> Response:
        if "submit-result" in path and BEGINS_S <= thread.now < ENDS_S:
            thread.now += 0.05
            return Response(status=200, body=REFUSAL)
        return exchange(thread, path, body)

    with mock.patch.object(first, "exchange", refusing):
        schedule.run()
    said = [line for line in lines if "side until" in line or "leaving side" in line]
    assert len(said) == 2
    assert "rig pays for no job: mining at side" in said[0]
    assert "rig has paid for 30 s" in said[1]
    taken_over, left = (float(line.split()[0]) for line in said)
    assert BEGINS_S + 120.0 <= taken_over <= BEGINS_S + 200.0
    # a miner whose jobs were refused for long fetches rarely
    assert ENDS_S + 30.0 <= left <= ENDS_S + 120.0
    paid_at = [float(str(row["at"])) - EPOCH_S for _, row in second.simulator.book.rows(since=0)]
    assert min(paid_at) >= taken_over
    assert max(paid_at) <= left + 60.0
    assert len(paid_at) > 50
