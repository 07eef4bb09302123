"""`fleet bench`: measures how fast this host computes jobs, and what that could earn."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from config.load import load
from config.settings import Settings
from fleet.commands.exits import EX_DATAERR, Failure
from fleet.commands.host_speed import HostSpeed, differences, keep, kept_speeds, measured, per_job, read
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.progress import progress
from fleet.commands.printing.tables import Sheet, console, line
from fleet.domain.wall_clock import wall_ms
from fleet.errors import LedgerError
from fleet.ledger.reports.latest import latest_jobs
from fleet.ledger.storage.places import ledger_to_read
from tasks.bench.gpu import GpuMeasurement

#: seconds for each of the 14 samples
_SECONDS = 1.0
#: newest payments from which current rewards are taken
_PAYMENTS = 2_000
#: share of the cores that others may use before the figures suffer
_BUSY = 0.25


@click.group("bench")
def bench() -> None:
    """Measure a host.

    \b
    Example:
      fleet bench host
    """


@bench.command("host")
@click.option(
    "--seconds", type=click.FloatRange(0.05, 60), default=_SECONDS, show_default=True, help="Time for each sample."
)
@click.option("--processes", type=click.IntRange(1, 4096), metavar="N", help="Processes (as many as a worker starts).")
@click.option("--last", is_flag=True, help="Show the last measurement of this host instead of a new one.")
@click.option(
    "--verify",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare the results with those of another host, saved by --json.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def host(*, seconds: float, processes: int | None, last: bool, verify: Path | None, as_json: bool) -> None:
    """Run every kernel at the sizes that servers send, on all of this host's processes, in about 20 seconds.
    Where the extra gpu is installed and the driver lists a GPU, compare it with the cores; workers choose by that.

    Shows jobs/s by type and, where the farm's ledger is on this host, what they would earn at its current rewards if
    the server had work and requests for all of it. Stop the host's worker first: both would share the cores.

    \b
    Examples:
      fleet bench host
      fleet bench host --json > garage.json
      fleet bench host --verify garage.json
    """
    with settings_or_exit():
        settings = load()
    other = None if verify is None else read(verify.read_text(encoding="utf-8", errors="replace"))
    found = _last(settings.state_dir) if last else _new(settings.state_dir, seconds, processes, quiet=as_json)
    rewards = _rewards(settings)
    if as_json:
        click.echo(json.dumps(found.stated() | {"nnet_per_job": {name: float(one) for name, one in rewards.items()}}))
    else:
        _print(found, rewards)
    if other is not None:
        _compare(found, other, quiet=as_json)


def _new(folder: Path, seconds: float, processes: int | None, *, quiet: bool) -> HostSpeed:
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    if busy > _BUSY:
        click.echo(f"fleet: other programs keep {busy:.0%} of the cores busy: the figures will be too low", err=True)
    with progress("measuring this host", 100, quiet=quiet) as advance:
        done = 0

        def step(number: int, of: int) -> None:
            nonlocal done
            now = number * 100 // max(of, 1)
            advance(now - done)
            done = now

        found = measured(seconds, processes, wall_ms(), step)
    try:
        keep(folder, found)
    except OSError as exc:
        click.echo(f"fleet: the measurement is not kept: {exc.filename}: {exc.strerror}", err=True)
    return found


def _last(folder: Path) -> HostSpeed:
    kept = kept_speeds(folder)
    if not kept:
        raise Failure(f"no measurement is kept in {folder}: run `fleet bench host`", EX_DATAERR)
    return kept[-1]


def _rewards(settings: Settings) -> dict[str, Decimal]:
    """NNET a job by type, of the newest payments; none where the ledger is on another host."""
    try:
        jobs = latest_jobs(ledger_to_read(settings), _PAYMENTS)
    except LedgerError:
        return {}
    return per_job((job.job_type, job.amount) for job in jobs)


def _print(found: HostSpeed, rewards: Mapping[str, Decimal]) -> None:
    screen, has = console(), found.inventory
    hardware = has["hardware"]
    gpus = ", ".join(f"{gpu['model']} ({gpu['memory_mb']:,} MB)" for gpu in hardware["gpus"]) or "none"
    at = f"{datetime.fromtimestamp(found.at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    cores, memory = hardware["cpu_cores"], f"{hardware['memory_mb']:,} MB"
    line(screen, has["processor"], style="bold")
    line(screen, " ".join((has["machine"], *has["features"])))
    line(screen, f"cores {cores} · memory {memory} · GPU {gpus} · processes {found.processes}")
    blas = " for ".join(filter(None, (has["blas"] or "unknown BLAS", has["blas_code"])))
    line(screen, f"numpy {has['numpy']} · {blas} · Python {has['python']} · kernels {has['kernel_version']}")
    line(screen, f"measured {at} · key {has['key']}")
    if found.note:
        line(screen, found.note, style="yellow")
    columns = ("job", "jobs/s", "CPU ms", *(("NNET/h", "NNET/core-h") if rewards else ()))
    sheet = Sheet(columns, right=columns[1:])
    for one in found.speeds:
        sheet.add((one.name, f"{one.jobs_per_s:,.1f}", f"{one.cpu_ms:.3f}", *_earned(found, one, rewards)))
    sheet.print(screen)
    if found.gpu is not None:
        _print_gpu(found.gpu, has["gpu_library"])
    elif hardware["gpus"]:
        line(screen, "the GPU computes nothing, since the extra gpu is not installed: see docs/gpu.md", style="yellow")
    if rewards:
        line(screen, f"NNET at the mean of the last {_PAYMENTS:,} payments, if the host computed nothing else and the")
        line(screen, "server had work and requests for all of it; `fleet advise` knows what the server allows.")


def _print_gpu(gpu: GpuMeasurement, library: str) -> None:
    screen = console()
    if gpu.problem:
        line(screen, f"the GPU can't be used, and computes nothing: {gpu.problem}", style="yellow")
    if not gpu.speeds:
        return
    line(screen, f"jobs/s of one process ({library}; on cores {gpu.processes} at once, on GPUs {gpu.at_gpu})")
    sheet = Sheet(("job", "core", "GPU", "quicker"), right=("core", "GPU"))
    for one in gpu.speeds:
        size, quicker = "×".join(map(str, one.size)), "GPU" if one.gpu_pays else "core"
        sheet.add((f"{one.job_type} {size}", f"{one.cpu_per_s:,.1f}", f"{one.gpu_per_s:,.1f}", quicker))
    sheet.print(screen)
    line(screen, f"on the GPU: {str(gpu.choice) or 'nothing'}")


def _earned(found: HostSpeed, one: Any, rewards: Mapping[str, Decimal]) -> tuple[str, ...]:
    if not rewards:
        return ()
    reward = rewards.get(one.job_type)
    if reward is None:
        return ("", "")
    hourly = one.jobs_per_s * float(reward) * 3600
    return f"{hourly:,.2f}", f"{hourly / found.processes:,.2f}"


def _compare(ours: HostSpeed, theirs: HostSpeed, *, quiet: bool) -> None:
    """Say whether both hosts compute the same. Raises Failure if they should and don't."""
    wrong = differences(ours, theirs)
    if wrong is None:
        words = (
            "the other host's processor, numpy or BLAS is of another kind: last bits may differ, nothing is compared"
        )
        click.echo(f"fleet: {words}", err=True)
    elif wrong:
        names = ", ".join(wrong)
        raise Failure(f"two hosts of one kind compute differently: {names}. One of them must not mine", EX_DATAERR)
    elif not quiet:
        click.echo(f"both hosts compute the same results, all {len(ours.speeds)} of them")
