"""One run of a farm at full flow: jobs a second, CPU and memory of its processes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.farms import UNLIMITED, Payment, Sample, surroundings


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """A farm at full flow, between its first and last sample."""

    samples: list[Sample]
    #: jobs accepted between the first sample and the last
    payments: list[Payment]
    #: the coordinator's figures of the whole run
    figures: dict[str, Any]

    @property
    def seconds(self) -> float:
        """Seconds between the first and the last sample."""
        return self.samples[-1].at - self.samples[0].at

    @property
    def calls(self) -> int:
        """Number of calls to the server between the first and the last sample."""
        return self.samples[-1].calls - self.samples[0].calls

    @property
    def jobs_per_s(self) -> float:
        """Accepted jobs per second."""
        return len(self.payments) / self.seconds


def flow(
    *,
    miners: int,
    mix: str = "all",
    seconds: float = 8.0,
    warm_up_s: float = 3.0,
    every_s: float | None = None,
    settings: Mapping[str, str] | None = None,
    workers: Sequence[Mapping[str, str]] = ({},),
    link_ms: float | None = None,
) -> Flow:
    """Run a farm on a server without a limit, and measure `seconds` of it after `warm_up_s`.

    Parameters:
        every_s: seconds between two samples, None for one at the start and one at the end.
        settings: for coordinator and workers.
        workers: settings of each worker host.
        link_ms: added round-trip time between a worker and Redis; None for no link between them.
    """
    with surroundings("--rate-limit", "0", "--mix", mix) as farm:
        environment = UNLIMITED | {"FLEET_MINERS": str(miners), "FLEET_MINER_PREFIX": "rig-"} | dict(settings or {})
        way = {} if link_ms is None else {"FLEET_REDIS_URL": farm.start_link(link_ms)}
        hosts = [farm.start_worker(f"worker{n}", environment | way | dict(own)) for n, own in enumerate(workers)]
        for number in range(len(hosts)):
            farm.wait_for_worker(f"worker{number}")
        coordinator = farm.start_coordinator(environment)
        farm.wait_for_accepted(1)
        time.sleep(warm_up_s)
        samples = [farm.sample(coordinator, hosts)]
        while (left_s := samples[0].at + seconds - time.time()) > 0:
            time.sleep(min(left_s, every_s or left_s))
            samples.append(farm.sample(coordinator, hosts))
        figures = farm.drained(coordinator)
        window = [one for one in farm.payments() if samples[0].at <= one.at < samples[-1].at]
    return Flow(samples=samples, payments=window, figures=figures)
