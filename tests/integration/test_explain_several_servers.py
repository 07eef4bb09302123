"""`fleet explain farm` finds what a farm lost, and what would earn more, at each of its servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fleet.domain.causes import Loss
from fleet.domain.effects import IncomeEstimated
from fleet.domain.jobs import JobState
from fleet.domain.wall_clock import wall_ms
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter
from tests.support.farms import farm_settings, state
from tests.support.ledger_rows import moved, paid
from tests.support.processes import run_fleet
from tests.support.snapshots import SERVERS, snapshot


def option(miners: int, income: float, change: float) -> dict[str, Any]:
    figures = {"nnet_a_day": income, "change_nnet_a_day": change, "error_nnet_a_day": 1.0, "core_hours_a_day": None}
    return {"what": "x", "miners": miners, **figures}


def test_the_losses_and_the_advice_of_each_server_are_reasons(tmp_path: Path) -> None:
    file = state(tmp_path) / "ledger.sqlite"
    for number, server in enumerate((*(one.account for one in SERVERS), "https://of-another-farm.example.com")):
        gain = 100.0 * (number + 1)
        advice = {"now": option(4, 50.0, 0.0), "best": option(2, 50.0 + gain, gain), "others": [], "unknown": []}
        with Ledger(open_engine(f"sqlite:///{file}"), server) as ledger:
            lost = moved(f"job-{number}", JobState.EXPIRED, Loss.DRAINED)
            ledger.commit([paid(number)[0], lost, IncomeEstimated(advice=json.dumps(advice))])
    SnapshotWriter(state(tmp_path) / SNAPSHOT_FILE).write(snapshot(at_ms=wall_ms(), servers=SERVERS, wrong=()))
    settings = farm_settings(tmp_path)
    done = run_fleet("explain", "farm", "--json", folder=tmp_path, settings=settings)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["reasons"]
    assert [one["kind"] for one in found] == ["advice", "advice", "lost jobs"]
    assert ["main" in one["text"] for one in found] == [False, True, False]
    assert ["side" in one["text"] for one in found] == [True, False, False]
    assert "2 jobs" in found[2]["text"]
