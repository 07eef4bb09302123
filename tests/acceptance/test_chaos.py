"""The short form of `make chaos`: one life of the coordinator after the other is killed at each step, for real."""

from __future__ import annotations

import secrets
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tasks.jobtypes import JOB_TYPES
from tests.chaos.audit import Auditor
from tests.chaos.farm import Farm, Setup
from tests.chaos.points import draw_strike, strike_often
from tests.chaos.strike import Point
from tests.chaos.table import Row
from tests.support.farms import asked

_TRIALS = 2


@pytest.mark.timeout(300)
def test_a_coordinator_killed_at_any_step_loses_nothing_and_pays_nothing_twice(tmp_path: Path) -> None:
    seed = secrets.randbelow(1_000_000)
    rng = Random(seed)
    strikes = [draw_strike(point, rng) for _ in range(_TRIALS) for point in Point]
    row = Row(fault="C1–C9", what="killed at every step")
    with Farm(tmp_path / "farm", Setup()) as farm:
        auditor = Auditor(farm)
        strike_often(farm, auditor, row, strikes)
        row.flaws += farm.verified()
        amount = _paid_behind_its_back(farm)
        seen = auditor.verdict()
    assert not row.flaws, f"replay: Random({seed})\n" + "\n".join(row.flaws)
    assert row.trials == len(strikes)
    assert row.jobs > len(strikes)
    # an auditor that misses this payment would have missed a lost one, too
    assert len(seen.lost) == 1
    assert "the server paid" in seen.lost[0]
    assert abs(seen.difference - amount) < Decimal("1e-9")


def _paid_behind_its_back(farm: Farm) -> Decimal:
    """The server pays one of the miners for a job that the ledger never hears of."""
    miner = {"contributor_id": "rig-01"}
    session = asked(farm.url, "/ai-energy/start-session", miner)
    job = session["initial_task"]
    result = dict.fromkeys(JOB_TYPES[job["task_type"]].required, "x")
    body = miner | {"session_id": session["session_id"], "task_id": job["task_id"], "result": result}
    return Decimal(asked(farm.url, "/ai-energy/submit-result", body)["reward"])
