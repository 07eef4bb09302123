"""C1–C9: a coordinator that dies between two steps, again and again; each one continues from the ledger."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random

from tests.chaos.audit import Auditor
from tests.chaos.farm import Farm
from tests.chaos.strike import Point, Strike
from tests.chaos.table import Row

#: seconds within which a point is passed at least that often
_DEATH_S = 30.0
_MOST_PASSAGES = 6


def draw_strike(point: Point, rng: Random) -> Strike:
    """Draw the passage at which the next coordinator dies."""
    return Strike(point=point, passage=rng.randint(1, _MOST_PASSAGES), late=rng.random() < 0.5)


def strike_often(farm: Farm, auditor: Auditor, row: Row, strikes: Sequence[Strike], down_s: float = 0.0) -> None:
    """Let one coordinator after the other die, then drain the farm. `down_s` is the pause after each death."""
    farm.born(strikes[0])
    farm.accepts(1)
    for strike, following in zip(strikes, [*strikes[1:], None], strict=True):
        farm.life.arm()
        died_at = farm.life.ended_at(_DEATH_S)
        if died_at is None:
            row.recovered(None, f"{strike} was not reached: {farm.life.words()}")
            break
        snapshot = auditor.death()
        time.sleep(down_s)
        born_at = time.time()
        farm.born(following)
        back_at = auditor.recovered(snapshot, born_at)
        seconds = None if back_at is None else back_at - died_at - down_s
        row.recovered(seconds, f"no recovery after {strike}: {snapshot}; {farm.life.words()}")
    code = farm.drained()
    if code != 0:
        row.flaws.append(f"the drain ended with {code}: {farm.life.words()}")
    row.add(auditor.verdict())
