"""Decides at a worker's start which jobs go to a GPU: by what `fleet bench host` measured here, or by measuring now."""

from __future__ import annotations

import logging

from config.settings import Settings
from tasks.bench.compare import measure_gpu, places
from tasks.bench.gpu import GpuMeasurement, kept_gpu
from tasks.compute.inventory import Inventory
from tasks.errors import MeasurementError
from tasks.worker.gpu_desk import GpuDesk
from tasks.worker.gpu_jobs import gpu_jobs

#: seconds for each sample and device
_SECONDS = 0.2
_log = logging.getLogger(__name__)


def start_gpu(settings: Settings, found: Inventory, processes: int) -> str:
    """Let the pool's processes use the GPU where that is quicker.

    The measurement runs in processes of its own, since this one is to fork: it opens no GPU.

    Returns:
        The GPU and its library as the worker's kind states them; empty if no job goes to a GPU.
    """
    if settings.worker.gpu == "off" or not found.gpu_library:
        return ""
    if not found.hardware.gpus:
        _log.warning("%s is installed, and the driver lists no GPU: the processor computes all jobs", found.gpu_library)
        return ""
    measured = _measured(settings, found, processes)
    if measured.problem:
        _log.warning("the GPU can't be used, and the processor computes all jobs: %s", measured.problem)
        return ""
    choice = measured.choice
    if not choice.quicker:
        _log.info("the GPU was quicker at no job that servers send: the processor computes all of them")
        return ""
    try:
        desk = GpuDesk(places(found.hardware, processes))
    except OSError as exc:
        _log.warning("the GPU can't be used without a folder for temporary files: %s", exc)
        return ""
    _log.info("%d of %d processes use the GPU: %s", measured.at_gpu, processes, choice)
    gpu_jobs.use(choice, desk)
    return f"cuda {found.hardware.gpus[0].model} {found.gpu_library}"


def _measured(settings: Settings, found: Inventory, processes: int) -> GpuMeasurement:
    """What is kept for as many processes, or else a new measurement."""
    kept = kept_gpu(settings.state_dir, found.key)
    at_gpu = len(places(found.hardware, processes))
    if kept is not None and not kept.problem and (kept.processes, kept.at_gpu) == (processes, at_gpu):
        return kept
    _log.info("measuring the GPU beside the processor; `fleet bench host` keeps what it measures")
    try:
        return measure_gpu(found.hardware, processes, _SECONDS)
    except (MeasurementError, OSError) as exc:
        return GpuMeasurement(processes=processes, at_gpu=at_gpu, problem=str(exc))
