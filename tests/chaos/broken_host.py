"""W10: a worker host whose kernels fail, or one with a lower limit for jobs, beside a good one."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.chaos.acts import Havoc
from tests.chaos.kernels import Orders
from tests.chaos.scenes import Scene

_MEASURED_S = 15.0
#: seconds, the `RestartSec` of the units
_RESTART_S = 5.0
#: required share of the good host's own pace; Celery needs up to five seconds to notice a dead pool process
_LEAST_PACE = {"raise": 0.8, "leave": 0.6}


def beside_a_good_one(poison: str) -> Callable[[Havoc], str | None]:
    """Compare the good host's pace alone with its pace beside a broken host that is restarted whenever it ends."""

    def act(havoc: Havoc) -> str | None:
        farm = havoc.farm
        _, broken = farm.hosts
        broken.kill()
        time.sleep(1.0)
        alone = farm.pace(_MEASURED_S)
        farm.order(Orders(poison=poison, share=1.0, host="host-1"))
        broken.start()
        broken.ready()
        beside = _pace(havoc, _MEASURED_S)
        farm.order(Orders())
        pace = beside / max(alone, 1e-9)
        havoc.paces.append(pace)
        # on auto, more or fewer sessions may have been open than before
        slow = pace < _LEAST_PACE[poison] and not farm.setup.auto
        return f"the good host went on at {pace:.2f} of its pace" if slow else None

    return act


def _pace(havoc: Havoc, seconds: float) -> float:
    """Accepted jobs a second, while ended processes are restarted some seconds later, as systemd does."""
    before, since = havoc.farm.counters()["accepted"], time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(_RESTART_S)
        havoc.tend()
    return float(havoc.farm.counters()["accepted"] - before) / (time.monotonic() - since)


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """W10."""
    return [
        Scene(
            fault="W10",
            what=f"a broken host, whose kernels {word}, beside a good one",
            act=beside_a_good_one(poison),
            trials=2,
            full_trials=5,
        )
        for poison, word in (("raise", "raise"), ("leave", "end their process"))
    ]
