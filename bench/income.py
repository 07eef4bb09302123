"""The income of a farm that chooses its number of miners, against each fixed number, in virtual time.

    python -m bench income

The limit decides how long a scene takes to compute: about half a millisecond a job. So a scene on 50,000 requests a
minute has four minutes to find its number and is observed for half a minute, a heartbeat's interval. One on 5,000 has
six minutes and is observed for five, one on 200 for an hour. The whole part takes about ten minutes on two idle cores.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.income_scenes import COME_AT_S, EBB, END_S, FLOOD, GO_AT_S, MEASURED, SCENES, TIDE
from bench.rows import Bound, Row
from bench.virtual_farm import Scene, VirtualFarm
from fleet.coordinator.auto_miners import AutoMiners

CURVES = Path(__file__).parent / "out" / "income.json"
#: seconds after its start within which the farm has found its number of miners, and at the highest limit; the target
#: is 600
_FOUND_S, _FOUND_SOON_S = 360.0, 240.0
#: seconds until a farm of a fixed number is at its pace
_WARM_UP_S = 30.0
#: the least share of the best income, and the most that trials may cost
_LEAST_SHARE, _MOST_LOST, _MOST_OFF = 97.0, 3.0, 5.0
#: each fixed number of miners that is tried is this many times the one before
_GRID = 2.0
_PINNED = 8
_DAY_MINUTES = 1_440.0
#: seconds within which the farm has followed strangers
_FOLLOWED_S = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a scene showed. Incomes are in NNET a minute."""

    name: str
    #: fixed number of miners → income
    fixed: dict[int, float]
    chosen: int
    auto: float
    #: income forecast once the number was found, which took `found_s` at most
    forecast: float
    found_s: float
    #: NNET earned by then, and NNET that trials cost in all
    first: float
    explored: float

    @property
    def best(self) -> float:
        """The highest income of any fixed number of miners."""
        return max(self.fixed.values())

    @property
    def best_number(self) -> int:
        """The number of miners that has it."""
        return max(self.fixed, key=self.fixed.__getitem__)


def income() -> list[Row]:
    """Measure all scenes, the coming and going of strangers, and what pinned miners cost."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        tide, pinned = pool.apply_async(_tide), pool.apply_async(_pinned)
        found = list(pool.imap(_scene, SCENES, chunksize=1))
        rows = [row for one in found for row in _rows(one)]
        CURVES.parent.mkdir(parents=True, exist_ok=True)
        CURVES.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n", encoding="utf-8")
        close = sum(abs(one.forecast / one.auto - 1) * 100 <= _MOST_OFF for one in found)
        return [*rows, _row("scenes whose forecast was within 5 %", close, "of 12", 10.0), *tide.get(), *pinned.get()]


def observed_s(scene: Scene) -> float:
    """Seconds for which a scene is observed once the farm has found its number."""
    return {200: 3600.0, 5000: 300.0}.get(scene.server.rate_limit.requests, 30.0)


def found_s(scene: Scene) -> float:
    """Seconds that the farm has to find its number of miners."""
    return _FOUND_S if scene.server.rate_limit.requests <= 5000 else _FOUND_SOON_S


def _scene(scene: Scene) -> Found:
    farm = VirtualFarm(scene)
    until_s = found_s(scene)
    farm.run(until_s)
    auto = _auto(farm)
    first, chosen = farm.earned, auto.own
    forecast = auto.model.income(chosen).total * 60
    seconds = observed_s(scene)
    farm.run(until_s + seconds)
    earned = (farm.earned - first) * 60 / seconds
    fixed = {number: _fixed(scene, number) for number in _numbers(scene, chosen)}
    print(f"{scene.name}: auto {earned:.4g}, fixed {fixed}", file=sys.stderr, flush=True)
    return Found(
        name=scene.name,
        fixed=fixed,
        chosen=chosen,
        auto=earned,
        forecast=forecast,
        found_s=until_s,
        first=first,
        explored=auto.controller.explored_nnet,
    )


def _numbers(scene: Scene, chosen: int) -> list[int]:
    """Fixed numbers to try: half as many again each time, and the neighbours of the chosen one."""
    # half of the limit is kept for jobs, so that no more sessions than these are ever opened
    carried = min(scene.most, scene.server.rate_limit.requests // 4)
    numbers, number = {chosen, max(chosen - 1, 1), round(chosen * 1.2) + 1}, 1
    while number <= carried:
        numbers.add(number)
        number = round(number * _GRID)
    return sorted(number for number in numbers | {carried} if number <= carried)


def _fixed(scene: Scene, number: int, most_s: float = 1800.0) -> float:
    farm = VirtualFarm(scene, fixed=number)
    farm.run(_WARM_UP_S)
    before, seconds = farm.earned, min(observed_s(scene), most_s)
    farm.run(_WARM_UP_S + seconds)
    return (farm.earned - before) * 60 / seconds


def _auto(farm: VirtualFarm) -> AutoMiners:
    assert farm.farm.auto is not None
    return farm.farm.auto


def _row(name: str, value: float, unit: str, target: float | None = None, bound: Bound = Bound.AT_LEAST) -> Row:
    return Row(part="income", name=name, runs=[value], unit=unit, target=target, bound=bound)


def _rows(one: Found) -> list[Row]:
    minutes, name = one.found_s / 60, one.name
    return [
        _row(f"{name}: best of the fixed numbers, {one.best_number} miners", one.best, "NNET a minute"),
        _row(f"{name}: auto, {one.chosen} miners", one.auto * 100 / one.best, "% of it", _LEAST_SHARE),
        _row(f"{name}: auto in its first {minutes:.0f} minutes", one.first / minutes * 100 / one.best, "% of it"),
        _row(f"{name}: lost to trials", one.explored * 100 / one.first, "%", _MOST_LOST, Bound.AT_MOST),
        _row(f"{name}: forecast off by", abs(one.forecast / one.auto - 1) * 100, "%", _MOST_OFF, Bound.AT_MOST),
    ]


def _tide() -> list[Row]:
    """The income once strangers have come, and once they have gone, against the best fixed number in each case."""
    farm = VirtualFarm(TIDE)
    rows = []
    for words, steady, at_s, until_s in (("came", FLOOD, COME_AT_S, GO_AT_S), ("went", EBB, GO_AT_S, END_S)):
        farm.run(at_s + _FOLLOWED_S)
        before, seconds = farm.earned, until_s - at_s - _FOLLOWED_S
        farm.run(until_s)
        earned = (farm.earned - before) * 60 / seconds
        best = max(_fixed(steady, number, 180.0) for number in range(2, 9))
        rows.append(_row(f"five minutes after 100 strangers {words}", earned * 100 / best, "% of the best", 97.0))
    return rows


def _pinned() -> list[Row]:
    """What eight miners cost by the farm's own advice, against the truth.

    Pinned ones open one by one. Ones that were asked for by number open at once, and need the server's stated rule.
    """
    truth = max(_fixed(MEASURED, number) for number in (1, 2, 3)) - _fixed(MEASURED, _PINNED)
    rows = []
    for words, farm in (
        ("8 pinned miners", VirtualFarm(MEASURED, pinned=_PINNED)),
        ("8 miners by number", VirtualFarm(MEASURED, fixed=_PINNED, asks_terms_at=5.0)),
    ):
        farm.run(_FOUND_S)
        advice = _auto(farm).adviser.advice
        stated = 0.0 if advice is None else (advice.best.change or 0.0) / _DAY_MINUTES
        off = abs(stated / truth - 1) * 100
        rows += [
            _row(f"{words}: stated cost", stated, "NNET a minute"),
            _row(f"{words}: the statement is off by", off, "%", 10.0, Bound.AT_MOST),
        ]
    return rows
