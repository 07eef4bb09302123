"""What is paused by the ledger, by its log, by the coordinator's status and by the orders of hosts: all must agree."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from fleet.control.control import ControlChange, TargetKind
from fleet.domain.wall_clock import wall_ms
from fleet.status.snapshot_file import read_snapshot
from tasks.broker.slots import parse_slots
from tasks.host.host_names import host_of
from tasks.messages import HOSTS_KEY, HOSTS_STATED, SLOTS_KEY
from tests.chaos.farm import Farm
from tests.support.farms import state
from tests.support.processes import eventually

#: seconds within which a running coordinator and all hosts follow the ledger
_FOLLOWED_S = 60.0
_JOB_TYPES = ("inference", "matrix_ops", "model_training")

#: what a control is on, and who ordered it
Held = dict[tuple[str, str], str]


def things(farm: Farm) -> list[tuple[str, ...]]:
    """What can be paused in a farm, as arguments of a command."""
    with closing(sqlite3.connect(f"file:{farm.ledger}?mode=ro", uri=True, timeout=10)) as ledger:
        names = [name for (name,) in ledger.execute("SELECT name FROM miners")]
    return [
        *((TargetKind.MINER.value, name) for name in sorted(names)),
        *((TargetKind.HOST.value, f"host-{number}") for number in range(farm.setup.hosts)),
        *((TargetKind.JOB_TYPE.value, name) for name in _JOB_TYPES),
        (TargetKind.FARM.value,),
    ]


def in_force(farm: Farm) -> Held:
    """The controls in force, by the ledger."""
    with closing(sqlite3.connect(f"file:{farm.ledger}?mode=ro", uri=True, timeout=10)) as ledger:
        return {(kind, name): who for kind, name, who in ledger.execute("SELECT kind, name, who FROM controls")}


def flaw_of(farm: Farm) -> str | None:
    """What does not agree, once the coordinator and the hosts have had time to follow; None if all do."""
    held, logged = in_force(farm), _logged(farm)
    if held != logged:
        return f"in force is {held}, by the log {logged}"
    flaw = ["nothing was seen"]

    def agrees() -> bool:
        flaw[0] = _differs(farm, held)
        return not flaw[0]

    try:
        eventually("all agree", agrees, _FOLLOWED_S)
    except AssertionError:
        return f"in force is {held}; {flaw[0]}; {farm.life.words()}"
    return None


def _logged(farm: Farm) -> Held:
    """The controls that the log leaves in force."""
    found: Held = {}
    with closing(sqlite3.connect(f"file:{farm.ledger}?mode=ro", uri=True, timeout=10)) as ledger:
        for change, kind, name, who in ledger.execute("SELECT change, kind, name, who FROM control_log ORDER BY id"):
            if change in (ControlChange.PAUSE.value, ControlChange.DRAIN.value):
                found[kind, name] = who
            elif change in (ControlChange.RESUME.value, ControlChange.END.value):
                found.pop((kind, name), None)
    return found


def _differs(farm: Farm, held: Held) -> str:
    """What the coordinator, Redis or a host has that the ledger has not; empty if nothing."""
    snapshot = read_snapshot(state(farm.folder), wall_ms())
    if snapshot is None or not snapshot.fresh:
        return "no coordinator states anything"
    stated = {(row["kind"], row["name"] or ""): row["who"] for row in snapshot.figures["controls"]}
    if stated != held:
        return f"the coordinator follows {stated}"
    all_paused = (TargetKind.FARM.value, "") in held
    for row in snapshot.figures["miners"]:
        paused = all_paused or (TargetKind.MINER.value, row["miner"]) in held
        if (row["state"] == "paused") is not paused:
            return f"miner {row['miner']} is {row['state']}"
    return _hosts_differ(farm, {name for kind, name in held if kind == TargetKind.HOST.value})


def _hosts_differ(farm: Farm, paused: set[str]) -> str:
    with farm.connected() as client:
        ordered = {name.decode() for name in client.hgetall(HOSTS_KEY)} - {HOSTS_STATED}
        slots = client.hgetall(SLOTS_KEY)
    if ordered != paused:
        return f"Redis orders {ordered} to pause"
    for name, text in slots.items():
        stated = parse_slots(text)
        if stated is not None and (stated.processes == 0) is not (host_of(name.decode()) in paused):
            return f"{name.decode()} states {json.dumps(text.decode())}"
    return ""
