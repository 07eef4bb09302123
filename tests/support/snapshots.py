"""Snapshots made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.exact_json import dump
from fleet.status.snapshot import (
    Earnings,
    FarmSnapshot,
    LedgerFigures,
    LossRow,
    MinerFigures,
    Projection,
    Queue,
    Requests,
    ServerFigures,
    Severity,
    WorkRow,
    Wrong,
)
from fleet.status.stated import head_stated, miner_stated
from tasks.job_queues import QUEUES

AT_MS = 1_800_000_000_000
MINER = MinerFigures(
    name="garage-1",
    state="mining",
    ledger=Decimal("12.345678901"),
    today=Decimal("1.5"),
    recent=Decimal("0.75"),
    paid=40,
    lost=2,
    last_paid_ms=AT_MS - 2_000,
    unexplained=ZERO,
)
WORK = WorkRow(
    name="inference",
    computed=41,
    failed=1,
    recent_jobs=15,
    recent=Decimal("0.75"),
    recent_kernel_s=1.5,
    last_ms=AT_MS - 1_000,
)
SNAPSHOT = FarmSnapshot(
    at_ms=AT_MS,
    started_ms=AT_MS - 600_000,
    release="0.1.0",
    server="https://neonet.example.com",
    simulated=False,
    state="mining",
    earnings=Earnings(
        recent=Decimal("0.75"),
        recent_s=300.0,
        today=Decimal("1.5"),
        yesterday=Decimal(20),
        projected=Projection(nnet=21.5, low=19.0, high=24.0, by="income model"),
        ledger=Decimal("112.345678901"),
        last_paid_ms=AT_MS - 2_000,
    ),
    miners=(MINER,),
    sessions={"mining": 1},
    types=(WORK,),
    hosts=(replace(WORK, name="shed"),),
    requests=Requests(limit=5000, window_s=60.0, used=1200, refused=3, more_miners=4, left_out=0),
    queue=Queue(messages=5, open_jobs=9, at_workers=6, oldest_s=1.25, by_queue={QUEUES[1]: 5, QUEUES[4]: 0}),
    losses=(LossRow(cause="expired", jobs=2, amount=Decimal("0.3")),),
    ledger=LedgerFigures(commit_median_ms=0.5, commit_worst_ms=28.0, unexplained=ZERO),
    gas={"fee_model": "EIP-1559", "neo_transfer_fee": 0.004, "token_transfer_fee": 0.002, "congestion_level": "low"},
    phase={"phase": "transition", "active_miners": 22, "server_load": 93.3, "miner_load": 6.7},
    wrong=(
        Wrong(
            kind="no_worker",
            subject="farm",
            severity=Severity.FAIL,
            text="No worker takes jobs.",
            help="Start one.",
            since_ms=AT_MS - 60_000,
        ),
    ),
)

#: two servers, of which the second has banned this address
SERVERS = tuple(
    ServerFigures(
        name=name,
        account=f"https://{name}.example.com",
        state=state,
        ledger=Decimal(ledger),
        today=None,
        recent=Decimal("0.5"),
        miners=4,
        in_session=3,
        requests=replace(SNAPSHOT.requests, used=used),
    )
    for name, state, ledger, used in (("main", "mining", 70, 321), ("side", "banned", 42, 123))
)


def snapshot(**changed: Any) -> FarmSnapshot:
    """The snapshot of a small farm, with some fields changed."""
    return replace(SNAPSHOT, **changed)


#: what a server or a worker may put into any text: markup, and characters that turn a terminal or a line round
MARKUP = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\x00\x1b[31m\u202e'\"&amp;"


def hostile(text: str) -> FarmSnapshot:
    """A snapshot with this text in each of its texts."""
    return replace(
        SNAPSHOT,
        server=text,
        release=text,
        miners=(replace(MINER, name=text, state=text),),
        sessions={text: 1},
        hosts=(replace(WORK, name=text),),
        types=(replace(WORK, name=text),),
        losses=(LossRow(cause=text, jobs=2, amount=Decimal("0.3")),),
        phase={**(SNAPSHOT.phase or {}), "phase": text},
        gas={**(SNAPSHOT.gas or {}), "congestion_level": text, "fee_model": text},
        wrong=(replace(SNAPSHOT.wrong[0], kind=text, subject=f"miner {text}", text=text, help=text),),
        advice={text: text},
    )


#: a snapshot with markup in every text
HOSTILE = hostile(MARKUP)


def as_read(made: FarmSnapshot) -> dict[str, Any]:
    """The figures of a snapshot as another process reads them."""
    head = head_stated(made) | {"miners": [miner_stated(row) for row in made.miners]}
    read: dict[str, Any] = json.loads(dump(head), parse_float=Decimal)
    return read
