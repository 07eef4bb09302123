"""The facts of a farm that nothing is wrong with."""

from __future__ import annotations

from fleet.domain.amounts import ZERO
from fleet.health.farm import Facts
from fleet.health.servers import ServerFacts

SERVER = ServerFacts(
    name="https://neonet.example.com",
    ban="",
    away=False,
    verdict="",
    unpaid_s=0.0,
    stands_by=False,
    miners=3,
    left_out=0,
    limit=5000,
    used=100,
)

WELL = Facts(
    servers=(SERVER,),
    without_worker_s=None,
    workers_pause=False,
    without_result_s=None,
    time_limit_s=30.0,
    redis="",
    ledger="",
    ledger_waits_s=0.0,
    unexplained=ZERO,
    in_session=3,
    unpaid_s=0.0,
    worth=120.0,
)
