"""Wide area: the flow of jobs when workers are far from Redis.

    python -m bench wide-area

A proxy (`bench.slow_link`) between workers and Redis adds the delay; the loopback flow goes through the same proxy
without delay. Coordinator, simulator and Redis stay together. Hosts are measured once they are known: the results of
new ones are checked on another host, which takes many round trips (docs/checking.md has the first seconds).
"""

from __future__ import annotations

from bench.flow import flow
from bench.rows import Bound, Row

#: a large number, since each job waits for the distance three times and there are many workers
MINERS = 600
HOSTS = 12
SECONDS = 7.0
#: until checked work knows the hosts, also those that are far away
WARM_UP_S = 40.0
#: round-trip times
DELAYS_MS = (50.0, 200.0)
#: settings for the far hosts, and for a coordinator that feeds them
SETTINGS = {
    "FLEET_WORKER__CONCURRENCY": "1",
    "FLEET_WORKER__PREFETCH": "16",
    "FLEET_DISPATCH__MAX_IN_FLIGHT": "1000",
}


def wide_area() -> list[Row]:
    """The share of the loopback flow at each delay."""
    near = _jobs_per_s(0.0)
    rows = [Row(part="wide area", name=f"loopback, {HOSTS} worker hosts", runs=[near], unit="jobs/s")]
    for delay_ms in DELAYS_MS:
        far = _jobs_per_s(delay_ms)
        rows.append(
            Row(
                part="wide area",
                name=f"{delay_ms:g} ms round trip to Redis, of the loopback flow",
                runs=[far / near * 100],
                unit="%",
                target=80.0,
                bound=Bound.AT_LEAST,
                peer=f"{far:.0f} of {near:.0f} jobs/s",
            )
        )
    return rows


def _jobs_per_s(delay_ms: float) -> float:
    run = flow(
        miners=MINERS,
        seconds=SECONDS,
        warm_up_s=WARM_UP_S,
        settings=SETTINGS,
        workers=[{}] * HOSTS,
        link_ms=delay_ms,
    )
    return run.jobs_per_s
