"""Growth: jobs per second and CPU per job with more miners, more workers, and a larger ledger.

python -m bench growth
"""

from __future__ import annotations

from bench import million
from bench.flow import Flow, flow
from bench.full_flow import cpu_s, runs_of
from bench.processes import side_by_side
from bench.rows import Row

MINERS = (1, 10, 100, 1_000)
WORKERS = (1, 2, 4, 8)
SECONDS = 3.0
#: tolerated ratio of CPU times where nothing grows
STEADY = 0.9
#: tolerated ratio of CPU with a million jobs to CPU with none, since each job's rows are then on separate pages
MILLION = 4 / 3
#: names of the plotted rows, with a placeholder for the number
BY_MINERS, BY_WORKERS = "{} miners", "{} worker processes"


def growth() -> list[Row]:
    """Measure each size once, and the same farm on an empty ledger and on one with a million jobs."""
    rows = []
    for miners in MINERS:
        rows += _rows(BY_MINERS.format(f"{miners:,}"), flow(miners=miners, seconds=SECONDS))
    for workers in WORKERS:
        run = flow(miners=100, seconds=SECONDS, settings={"FLEET_WORKER__CONCURRENCY": str(workers)})
        rows += _rows(BY_WORKERS.format(workers), run)
    return [*rows, _late(), _behind()]


def _rows(name: str, run: Flow) -> list[Row]:
    jobs, used = len(run.payments), cpu_s(run)
    ours_s = used["coordinator"] + used["workers"] + used["Redis"]
    return [
        Row(part="growth", name=f"{name}: pace", runs=[run.jobs_per_s], unit="jobs/s"),
        Row(part="growth", name=f"{name}: CPU without the simulator's", runs=[ours_s / jobs * 1000], unit="ms/job"),
        Row(
            part="growth",
            name=f"{name}: of it the coordinator",
            runs=[used["coordinator"] / jobs * 1000],
            unit="ms/job",
        ),
    ]


def _late() -> Row:
    """The end of a run at full flow, compared with its beginning."""
    runs = runs_of("light")
    return Row(
        part="growth",
        name="coordinator's CPU by that of workers and simulator, last quarter of a run over the first",
        runs=[_coordinator_share(run, -2, -1) / _coordinator_share(run, 0, 1) for run in runs],
        unit="×",
        target=1.0 / STEADY,
        peer=f"{sum(len(run.payments) for run in runs) // len(runs):,} jobs",
    )


def _behind() -> Row:
    """A farm with a million jobs in its ledger compared with one with none.

    Their paces say less, since the system chooses how much of the two cores each one gets.
    """
    behind = {"FLEET_SERVER_NAME": million.SERVER, "FLEET_LEDGER_URL": f"sqlite:///{million.copied()}"}
    with side_by_side() as pool:
        old = pool.submit(flow, miners=100, mix="light", seconds=12.0, settings=behind)
        run = flow(miners=100, mix="light", seconds=12.0)
    return Row(
        part="growth",
        name=f"coordinator's CPU by that of workers and simulator, {million.JOBS:,} jobs in the ledger over none",
        runs=[_coordinator_share(old.result(), 0, -1) / _coordinator_share(run, 0, -1)],
        unit="×",
        target=MILLION,
        peer=f"{old.result().jobs_per_s:.0f} beside {run.jobs_per_s:.0f} jobs/s",
    )


def _coordinator_share(run: Flow, first: int, last: int) -> float:
    """The coordinator's CPU per CPU second of the other parts, whose work per job is constant as the machine drifts."""
    before, after = run.samples[first], run.samples[last]
    others_s = after.workers.cpu_s + after.simulator.cpu_s - before.workers.cpu_s - before.simulator.cpu_s
    return (after.coordinator.cpu_s - before.coordinator.cpu_s) / others_s
