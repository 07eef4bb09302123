"""One row of the table: an act, the number of trials, what it may cost, and how recovery is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.chaos.acts import Havoc, quiet
from tests.chaos.audit import Snapshot
from tests.chaos.farm import Setup
from tests.chaos.kernels import Orders
from tests.chaos.table import Row
from tests.chaos.verdict import NOTHING, Allowed

_RECOVERY_S = 90.0


#: two worker hosts of one process
TWO_HOSTS = Setup(
    miners=4,
    hosts=2,
    latency="30+20",
    settings={
        "FLEET_DISPATCH__REDISPATCH_S": "2",
        "FLEET_HTTP__CALL_DEADLINE_S": "2",
        "FLEET_HTTP__CONNECT_TIMEOUT_S": "1",
        "FLEET_WORKER__TIME_LIMIT_S": "3",
        "FLEET_WORKER__SOFT_TIME_LIMIT_S": "2",
        "FLEET_VISIBILITY_TIMEOUT_S": "10",
        "FLEET_RECONCILE_EVERY_S": "20",
    },
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One fault. `act` causes it and, if it lasts, undoes it. Returns any flaw that it notices itself."""

    fault: str
    what: str
    act: Callable[[Havoc], str | None]
    trials: int = 3
    #: number of trials with --full
    full_trials: int = 20
    setup: Setup = TWO_HOSTS
    allowed: Allowed = NOTHING
    orders: Orders = field(default_factory=Orders)
    note: str = ""


def play(scene: Scene, havoc: Havoc, *, full: bool) -> Row:
    """Play all trials of a scene on a running farm, then drain and audit it."""
    row = Row(fault=scene.fault, what=scene.what, note=scene.note)
    farm = havoc.farm
    if not farm.lives:
        farm.born()
    farm.order(scene.orders)
    havoc.paces.clear()
    havoc.ended.clear()
    for _ in range(scene.full_trials if full else scene.trials):
        _settle(havoc)
        flaw = scene.act(havoc)
        over, over_at = time.monotonic(), time.time()
        if flaw:
            row.flaws.append(flaw)
        seconds = _recovery(havoc, over, over_at)
        row.recovered(seconds, f"not over {_RECOVERY_S:g} s after it; open: {havoc.auditor.open_now()}")
    row.note = ", ".join([row.note, *(f"{part} ended {n}×" for part, n in havoc.ended.items())]).lstrip(", ")
    row.pace = min(havoc.paces, default=None)
    farm.order(Orders())
    quiet(farm)
    code = farm.drained()
    if code != 0:
        row.flaws.append(f"the drain ended with {code}: {farm.life.words()}")
        farm.life.kill()
        havoc.auditor.death()
    row.add(havoc.auditor.verdict(replace(scene.allowed, forgotten_at=havoc.forgotten_at)))
    return row


def keeps_pace(havoc: Havoc, before: float, during: float, after: float) -> str | None:
    """I8: what a fault does not concern keeps 90 % of its pace."""
    pace = during / max((before + after) / 2, 1e-9)
    havoc.paces.append(pace)
    return f"the others went on at {pace:.2f} of their pace" if pace < 0.9 else None


def _settle(havoc: Havoc) -> None:
    """Wait until every part runs and jobs flow."""
    havoc.tend()
    for host in havoc.farm.hosts:
        host.ready()
    havoc.farm.accepts(3, 90.0)


def _recovery(havoc: Havoc, over: float, over_at: float) -> float | None:
    """Seconds until all jobs that are open now are final and a new job is paid."""
    if not havoc.farm.lives:
        havoc.auditor.death()
        havoc.farm.born()
    snapshot = Snapshot(open_jobs=havoc.auditor.open_now(), last_entry=havoc.auditor.last_entry())
    deadline = time.monotonic() + _RECOVERY_S
    while time.monotonic() < deadline:
        havoc.tend()
        back_at = havoc.auditor.recovered(snapshot, over_at, 2.0)
        if back_at is not None:
            return back_at - over
    return None
