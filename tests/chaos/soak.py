"""X1: an hour, or the time asked for, of random faults; what they cost, and whether memory is released."""

from __future__ import annotations

import statistics
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TextIO

from fleet.domain.causes import Loss
from tests.chaos.acts import Havoc, quiet
from tests.chaos.audit import Auditor
from tests.chaos.farm import Farm, Setup
from tests.chaos.moves import MOVES, Move, draw
from tests.chaos.samples import Sample, Sampler
from tests.chaos.table import Row
from tests.chaos.verdict import Allowed

#: seconds between two faults, if the farm recovers faster
_CYCLE_S = 4.2
_RECOVERY_S = 90.0
#: seconds without faults before the end, so that memory can be released
_CALM_S = 120.0
#: causes for which a job may end unpaid here
_EXCUSES = frozenset(Loss) - {Loss.DRAINED}
_SETUP = Setup(
    miners=8,
    hosts=2,
    processes=1,
    latency="100+100",
    settings={
        "FLEET_DISPATCH__REDISPATCH_S": "5",
        "FLEET_HTTP__CALL_DEADLINE_S": "3",
        "FLEET_HTTP__CONNECT_TIMEOUT_S": "2",
        "FLEET_BACKOFF__CAP_S": "8",
        "FLEET_RECONCILE_EVERY_S": "60",
        "FLEET_DRAIN_S": "30",
        "FLEET_WORKER__TIME_LIMIT_S": "4",
        "FLEET_WORKER__SOFT_TIME_LIMIT_S": "3",
        "FLEET_VISIBILITY_TIMEOUT_S": "15",
    },
)


@dataclass(kw_only=True, slots=True)
class Soak:
    """The result of a soak."""

    rows: list[Row]
    samples: list[Sample] = field(default_factory=list)
    seconds: float = 0.0
    accepted: int = 0

    def words(self) -> str:
        """The figures below the table."""
        lines = [f"{self.seconds:.0f} s, {sum(row.trials for row in self.rows)} faults, {self.accepted} jobs accepted"]
        lines += ["", "| resource | after warm-up | median | most | at the end, calm |", "|---|---|---|---|---|"]
        for name in Sample.__slots__:
            seen = [(one.at_s, getattr(one, name)) for one in self.samples if getattr(one, name) is not None]
            if name in {"at_s", "accepted"} or not seen:
                continue
            values = [value for _, value in seen]
            warm = next((value for at, value in seen if at >= min(120.0, self.seconds / 4)), values[0])
            shown = (warm, statistics.median(values), max(values), values[-1])
            lines.append(f"| {name} | " + " | ".join(f"{value:.1f}" for value in shown) + " |")
        return "\n".join(lines)


def soak(folder: Path, seconds: float, seed: int, out: TextIO, without: Collection[str] = ()) -> Soak:
    """Strike a farm at random for `seconds`, without the faults in `without`; then drain it and compare the money."""
    rng = Random(seed)
    rows = {move: Row(fault=move.fault, what=move.what) for move in MOVES if move.fault not in without}
    result = Soak(rows=[*rows.values()])
    with Farm(folder, _SETUP) as farm:
        havoc = Havoc(farm, Auditor(farm), rng)
        farm.born()
        farm.accepts(10)
        sampler = Sampler(farm, folder / "samples.jsonl")
        started = time.monotonic()
        calm_s = min(_CALM_S, seconds / 3)
        for number in range(1, 1_000_000):
            if time.monotonic() - started > seconds - calm_s:
                break
            move = draw(rng, without)
            took = _strike(havoc, move, rows[move])
            out.write(
                f"{time.monotonic() - started:7.1f} s  {number:4}  {move.fault} {move.what}: {took}  {havoc.detail}\n"
            )
            out.flush()
            sampler.due(result.samples, started)
            time.sleep(max(0.0, min(started + number * _CYCLE_S - time.monotonic(), _CYCLE_S)))
            havoc.tend()
        quiet(farm)
        while time.monotonic() - started < seconds:
            havoc.tend()
            time.sleep(1)
            sampler.due(result.samples, started)
        result.samples.append(sampler.sample(started))
        result.accepted = farm.counters()["accepted"]
        result.rows.append(_ended(farm, havoc))
        result.seconds = time.monotonic() - started
    return result


def _strike(havoc: Havoc, move: Move, row: Row) -> str:
    """Cause one fault, and measure the time from its end until a new job is paid."""
    before = havoc.auditor.last_entry()
    havoc.detail = ""
    move.strike(havoc)
    over, over_at = time.monotonic(), time.time()
    deadline = over + _RECOVERY_S
    back_at = None
    while back_at is None and time.monotonic() < deadline:
        havoc.tend()
        back_at = havoc.auditor.resumed(before, over_at, 2.0)
    row.recovered(None if back_at is None else back_at - over, f"no job paid within {_RECOVERY_S:g} s")
    return "no recovery" if back_at is None else f"{back_at - over:.2f} s"


def _ended(farm: Farm, havoc: Havoc) -> Row:
    row = Row(fault="X1", what="all of it: conservation and money after the drain")
    code = farm.drained()
    if code != 0:
        row.flaws.append(f"the drain ended with {code}: {farm.life.words()}")
    row.trials = 1
    verdict = havoc.auditor.verdict(Allowed(losses=_EXCUSES, answers_lost=True, forgotten_at=havoc.forgotten_at))
    row.add(verdict)
    row.flaws += farm.verified()
    row.note = (
        f"{verdict.excused} jobs unpaid for a cause that a fault explains; "
        f"{verdict.unprovable:f} NNET paid in lost answers before the server forgot"
    )
    return row
