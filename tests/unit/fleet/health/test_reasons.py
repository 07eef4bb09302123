"""Why something does not earn more: its own troubles, its share of the farm's, and what it lost, dearest first."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fleet.control.control import Action, Control, Target, TargetKind
from fleet.domain.causes import Loss
from fleet.health.reasons import Hindrance, LostToday, reasons
from fleet.status.snapshot import Severity, Wrong
from fleet.status.stated import head_stated, miner_stated
from tests.support.snapshots import AT_MS, MINER, SERVERS, WORK, snapshot

OUTAGE = Wrong(
    kind="outage",
    subject="server s",
    severity=Severity.FAIL,
    text="The server does not answer.",
    help="Wait.",
    since_ms=AT_MS,
    nnet_per_day=100.0,
)
FULL = replace(OUTAGE, kind="budget_full", severity=Severity.WARN, text="The budget is full.", nnet_per_day=40.0)
IDLE = replace(OUTAGE, kind="idle_miner", subject="miner a", text="Miner a is idle.", nnet_per_day=30.0)
DEAF = replace(OUTAGE, kind="deaf_worker", subject="host shed", text="Host shed is deaf.", nnet_per_day=None)
LOST = [
    LostToday(miner="a", cause=Loss.EXPIRED, jobs=2, amount=Decimal(5)),
    LostToday(miner="b", cause=Loss.EXPIRED, jobs=1, amount=Decimal(50)),
]
ADVICE = Hindrance(kind="advice", subject="farm", text="More miners.", help="auto", nnet_per_day=10.0)


def figures(*wrong: Wrong) -> dict[str, Any]:
    """A farm of two miners, of which `a` earned a quarter."""
    rows = (replace(MINER, name="a", recent=Decimal("0.25")), replace(MINER, name="b", recent=Decimal("0.75")))
    earnings = replace(snapshot().earnings, recent=Decimal(1))
    made = snapshot(wrong=wrong, miners=rows, earnings=earnings, hosts=(replace(WORK, name="shed"),))
    return head_stated(made) | {"miners": [miner_stated(row) for row in made.miners]}


def kinds(subject: str, *wrong: Wrong, runs: bool = True) -> list[tuple[str, float | None]]:
    found = reasons(subject, figures(*wrong), LOST, runs=runs, advice=[ADVICE])
    return [(one.kind, one.nnet_per_day) for one in found]


def test_a_farm_has_all_reasons_the_dearest_first_and_the_unknown_last() -> None:
    assert kinds("farm", FULL, IDLE, DEAF) == [
        ("lost jobs", 55.0),
        ("budget_full", 40.0),
        ("idle_miner", 30.0),
        ("advice", 10.0),
        ("deaf_worker", None),
    ]


def test_a_miner_has_its_own_and_its_share_of_the_farm_s() -> None:
    assert kinds("miner a", FULL, IDLE, DEAF) == [("idle_miner", 30.0), ("budget_full", 10.0), ("lost jobs", 5.0)]
    assert kinds("miner b", IDLE) == [("lost jobs", 50.0)]


def test_a_miner_has_the_troubles_of_its_own_server_alone() -> None:
    rows = (replace(MINER, name="a", server="main"), replace(MINER, name="b", server="side"))
    down = replace(OUTAGE, kind="server_down", subject="server main", severity=Severity.WARN)
    made = snapshot(wrong=(down,), miners=rows, servers=SERVERS)
    stated = head_stated(made) | {"miners": [miner_stated(row) for row in rows]}
    found = {name: [one.kind for one in reasons(f"miner {name}", stated, (), runs=True)] for name in ("a", "b")}
    assert found == {"a": ["server_down"], "b": []}


def test_a_host_has_its_own_and_its_share_of_the_farm_s() -> None:
    assert kinds("host shed", FULL, IDLE, DEAF) == [("budget_full", 30.0), ("deaf_worker", None)]


def test_what_stops_everything_comes_first_whatever_it_costs() -> None:
    assert next(kind for kind, _ in kinds("farm", FULL, replace(OUTAGE, nnet_per_day=None))) == "outage"
    assert kinds("farm", FULL, runs=False)[0] == ("stopped", None)
    assert "budget_full" not in dict(kinds("farm", FULL, runs=False)), "what is wrong is of the present alone"


@pytest.mark.parametrize("cause", Loss)
def test_each_cause_of_a_loss_has_a_remedy(cause: Loss) -> None:
    lost = [LostToday(miner="a", cause=cause, jobs=1, amount=Decimal(1))]
    (one,) = reasons("miner a", figures(), lost, runs=True)
    assert one.help.endswith(".")
    assert one.text == f"1 job was not paid in the last day: {cause.value}."


def test_a_miner_that_waits_with_a_job_of_a_paused_type_is_told_of_that_types_pause_alone() -> None:
    types = [Target(kind=TargetKind.JOB_TYPE, name=name) for name in ("inference", "matrix_ops")]
    controls = tuple(Control(target=one, action=Action.PAUSE, who="sam", since_ms=1) for one in types)
    rows = (replace(MINER, name="a", waits_for_type="inference"), replace(MINER, name="b"))
    made = snapshot(miners=rows, controls=controls)
    stated = head_stated(made) | {"miners": [miner_stated(row) for row in made.miners]}

    def told(subject: str) -> list[str]:
        return [one.text for one in reasons(subject, stated, (), runs=True) if one.kind == "paused"]

    assert told("miner a") == ["Type inference is paused by sam."]
    assert told("miner b") == []
    assert len(told("farm")) == 2
