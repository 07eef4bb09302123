"""The income of a farm that chooses its number of miners, against each fixed number, in virtual time.

    nice python -m bench income

A scene is observed until 10,000 jobs are paid, for one window of the limit at least: the kinds of jobs are drawn at
random and pay differently, so that fewer jobs show a difference of one percent only by chance. Farms of a fixed number
begin with a whole window that is not counted. A job takes about half a millisecond to compute, and the whole part about
forty minutes of a core.
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
from fleet.coordinator.scheduling.auto_miners import AutoMiners

CURVES = Path(__file__).parent / "out" / "income.json"
#: seconds from its start within which the farm has found its number of miners, and at the highest limit (target: 600)
_FOUND_S, _FOUND_SOON_S = 360.0, 240.0
#: seconds until a farm of a fixed number is at its pace: the window of the limit, and a little
_WARM_UP_S = 65.0
#: a scene is observed until so many jobs were paid, for so many seconds at least, and at most
_LEAST_JOBS, _LEAST_S, _MOST_S = 10_000, 60.0, 7_200.0
#: the least share of the best income, and the most that trials may cost
_LEAST_SHARE, _MOST_LOST, _MOST_OFF = 97.0, 3.0, 5.0
#: where few miners are best, all numbers up to this one are tried. Otherwise each is this many times the one before.
#: Higher ones are left out once two after each other earned less than this share of the best: the income falls from
#: there on
_ALL_OF_FEW, _GRID, _POOR_SHARE = 8, 2.0, 0.8
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
    earned = _observed(farm)
    fixed = _tried(scene, chosen)
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
    """Fixed numbers to try: each of a few, then twice as many each time, and the neighbours of the chosen one."""
    # half of the limit is kept for jobs, so that no more sessions than these are ever opened
    carried = min(scene.most, scene.server.rate_limit.requests // 4)
    numbers, number = {chosen, max(chosen - 1, 1), chosen + 1, round(chosen * 1.2) + 1}, 1
    if chosen <= _ALL_OF_FEW:
        numbers |= set(range(1, _ALL_OF_FEW + 1))
    while number <= carried:
        numbers.add(number)
        number = round(number * _GRID)
    return sorted(number for number in numbers | {carried} if number <= carried)


def _tried(scene: Scene, chosen: int) -> dict[int, float]:
    """The income of the fixed numbers of miners, upwards until more of them clearly earn less."""
    fixed: dict[int, float] = {}
    for number in _numbers(scene, chosen):
        fixed[number] = _fixed(scene, number)
        poor = _POOR_SHARE * max(fixed.values())
        if number > chosen and all(earned < poor for earned in list(fixed.values())[-2:]):
            break
    return fixed


def _fixed(scene: Scene, number: int) -> float:
    farm = VirtualFarm(scene, fixed=number)
    farm.run(_WARM_UP_S)
    return _observed(farm)


def _observed(farm: VirtualFarm) -> float:
    """NNET a minute from now on."""
    began_at, earned, paid = farm.now, farm.earned, farm.paid
    while farm.now < began_at + _MOST_S and (farm.now < began_at + _LEAST_S or farm.paid < paid + _LEAST_JOBS):
        farm.run(farm.now + 1.0)
    return (farm.earned - earned) * 60 / (farm.now - began_at)


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
        best = max(_fixed(steady, number) for number in range(2, 9))
        rows.append(_row(f"five minutes after 100 strangers {words}", earned * 100 / best, "% of the best", 97.0))
    return rows


def _pinned() -> list[Row]:
    """What eight miners cost by the farm's own advice, against the truth.

    Pinned ones open one by one. Of ones that were asked for by number, the first four do, and the others at once.
    """
    truth = max(_fixed(MEASURED, number) for number in (1, 2, 3)) - _fixed(MEASURED, _PINNED)
    rows = []
    for words, farm in (
        ("8 pinned miners", VirtualFarm(MEASURED, pinned=_PINNED)),
        ("8 miners by number", VirtualFarm(MEASURED, fixed=_PINNED)),
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
