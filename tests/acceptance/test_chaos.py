"""The short form of `make chaos`: one life of the coordinator after the other is killed at each step, for real."""

from __future__ import annotations

import secrets
from pathlib import Path
from random import Random

import pytest

from tests.chaos.audit import Auditor
from tests.chaos.farm import Farm, Setup
from tests.chaos.points import draw_strike, strike_often
from tests.chaos.strike import Point
from tests.chaos.table import Row

_TRIALS = 2


@pytest.mark.timeout(300)
def test_a_coordinator_killed_at_any_step_loses_nothing_and_pays_nothing_twice(tmp_path: Path) -> None:
    seed = secrets.randbelow(1_000_000)
    rng = Random(seed)
    strikes = [draw_strike(point, rng) for _ in range(_TRIALS) for point in Point]
    row = Row(fault="C1–C9", what="killed at every step")
    with Farm(tmp_path / "farm", Setup()) as farm:
        strike_often(farm, Auditor(farm), row, strikes)
        row.flaws += farm.verified()
    assert not row.flaws, f"replay: Random({seed})\n" + "\n".join(row.flaws)
    assert row.trials == len(strikes)
    assert row.jobs > len(strikes)
