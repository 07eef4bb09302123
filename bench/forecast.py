"""Income forecast for the next hour against what the hour brought, in virtual time.

    nice python -m bench forecast

A farm that chooses its number of miners makes its forecast once it has found that number. Then one virtual hour passes.
At 50,000 requests a minute such an hour has up to 1.5 million jobs: the whole part takes more than an hour of a core.
"""

from __future__ import annotations

import multiprocessing
import sys

from bench.income import found_s
from bench.income_scenes import SCENES
from bench.rows import Bound, Row
from bench.virtual_farm import Scene, VirtualFarm

_HOUR_S = 3600.0
#: least number of scenes whose forecast is close, and how far off a close one may be, in percent
_LEAST_CLOSE, _MOST_OFF = 10.0, 5.0


def forecast() -> list[Row]:
    """One row for each scene, and the number of scenes whose forecast was close."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        rows = list(pool.imap(_scene, SCENES, chunksize=1))
    close = sum(row.runs[0] <= _MOST_OFF for row in rows)
    return [
        *rows,
        Row(
            part="forecast",
            name="scenes whose forecast of the next hour was within 5 %",
            runs=[close],
            unit="of 12",
            target=_LEAST_CLOSE,
            bound=Bound.AT_LEAST,
        ),
    ]


def _scene(scene: Scene) -> Row:
    farm = VirtualFarm(scene)
    farm.run(found_s(scene))
    auto = farm.farm.auto
    assert auto is not None
    miners, stated, before = auto.own, auto.model.income(auto.own).total * _HOUR_S, farm.earned
    farm.run(found_s(scene) + _HOUR_S)
    came = farm.earned - before
    off = abs(stated / came - 1) * 100
    print(f"{scene.name}: {miners} miners, {stated:.5g} forecast, {came:.5g} came", file=sys.stderr, flush=True)
    return Row(
        part="forecast",
        name=f"{scene.name}: forecast of the next hour off by",
        runs=[off],
        unit="%",
        target=_MOST_OFF,
        bound=Bound.AT_MOST,
    )
