"""Engines: the miners' calls through libcurl and through requests, with few miners and with many.

    python -m bench engines

The two alternate, so that the machine's load affects both alike. The server has no limit and assigns light jobs, which
makes more calls than any other farm.
"""

from __future__ import annotations

from bench.flow import Flow, flow
from bench.full_flow import cpu_s
from bench.rows import Row

MINERS = (8, 200, 2_500)
RUNS = 2
SECONDS = 6.0
#: seconds until measuring starts, by number of miners; enough to open all sessions
WARM_UP_S = {8: 2.0, 200: 3.0, 2_500: 15.0}
NAMES = {"curl": "libcurl", "requests": "requests"}


def engines() -> list[Row]:
    """Accepted jobs a second, and the coordinator's CPU for each call to the server."""
    rows = []
    for miners in MINERS:
        runs: dict[str, list[Flow]] = {engine: [] for engine in NAMES}
        for _ in range(RUNS):
            for engine, made in runs.items():
                made.append(_flow(engine, miners))
        for engine, made in runs.items():
            rows += _rows(f"{miners:,} miners by {NAMES[engine]}", made)
    return rows


def _flow(engine: str, miners: int) -> Flow:
    choice = {"FLEET_HTTP__ENGINE": engine}
    return flow(miners=miners, mix="light", seconds=SECONDS, warm_up_s=WARM_UP_S[miners], settings=choice)


def _rows(name: str, runs: list[Flow]) -> list[Row]:
    return [
        Row(part="engines", name=f"{name}: pace", unit="jobs/s", runs=[run.jobs_per_s for run in runs]),
        Row(
            part="engines",
            name=f"{name}: coordinator's CPU a call, all its work included",
            unit="ms",
            runs=[cpu_s(run)["coordinator"] / run.calls * 1000 for run in runs],
        ),
    ]
