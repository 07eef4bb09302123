"""P1, P3: jobs whose kernels raise, crash, exit, loop or use up memory."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

from fleet.domain.causes import Loss
from fleet.domain.jobs import JobState
from fleet.ledger.column_types import unpacked
from tests.chaos.acts import Havoc
from tests.chaos.kernels import POISONS, Orders, is_struck
from tests.chaos.scenes import Scene, keeps_pace
from tests.chaos.verdict import Allowed

_ALLOWED = Allowed(losses=frozenset({Loss.KERNEL, Loss.TIME_LIMIT, Loss.WORKER_LOST}))
#: share of the jobs that a looping kernel strikes: each attempt occupies a pool process for three seconds
_SHARE = {"loop": 0.02}
_USUAL_SHARE = 0.1


def poisoned(poison: str, share: float, seconds: float) -> Callable[[Havoc], str | None]:
    """For `seconds`, that share of the jobs is poisonous; each is tried three times and then quarantined."""

    def act(havoc: Havoc) -> str | None:
        farm, since = havoc.farm, time.time()
        farm.order(Orders(poison=poison, share=share))
        time.sleep(seconds)
        # struck jobs stay struck, so all of them must have ended before the orders change
        return _misjudged(havoc, share, since)

    return act


def _misjudged(havoc: Havoc, share: float, since: float) -> str | None:
    """Jobs that were quarantined without being struck, or after a number of failed attempts other than three.

    There may be more attempts: Celery tells of a third of the children that die at once only by their time limit, and
    this farm's is longer than its wait for a result.
    """
    query = "SELECT job_id, strikes, state FROM jobs WHERE state = ? AND assigned_at >= ?"
    with closing(sqlite3.connect(f"file:{havoc.farm.ledger}?mode=ro", uri=True)) as ledger:
        rows = ledger.execute(query, (JobState.QUARANTINED.value, int(since * 1000))).fetchall()
    healthy = [job_id for job_id, _, _ in rows if not is_struck(unpacked(job_id), share)]
    if healthy:
        return f"healthy jobs were quarantined: {healthy}"
    tries = {strikes for _, strikes, _ in rows}
    return f"quarantined after {tries} failed attempts" if tries - {3} else None


def at_full_load(havoc: Havoc) -> str | None:
    """One job in a hundred raises: the farm keeps its pace (I8)."""
    before = havoc.farm.pace(6.0)
    havoc.farm.order(Orders(poison="raise", share=0.01))
    during = havoc.farm.pace(6.0)
    havoc.farm.order(Orders())
    return keeps_pace(havoc, before, during, havoc.farm.pace(6.0))


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """P1, P3."""
    kinds = [
        Scene(
            fault="P1",
            what=f"kernels that {word}, {_SHARE.get(poison, _USUAL_SHARE):.0%} of the jobs",
            act=poisoned(poison, _SHARE.get(poison, _USUAL_SHARE), 5.0),
            trials=1,
            full_trials=5,
            allowed=_ALLOWED,
        )
        for poison, word in zip(POISONS, ("raise", "segfault", "leave", "loop for ever", "ask for 1 TB"), strict=True)
    ]
    load = Scene(
        fault="P3", what="1 % poison at full load", act=at_full_load, trials=1, full_trials=5, allowed=_ALLOWED
    )
    return [*kinds, load]
