"""Measures a host's GPU beside its cores, on as many processes as its worker has."""

from __future__ import annotations

from collections.abc import Callable

from tasks.bench.gpu import GpuMeasurement
from tasks.bench.measure import gpu_rates, rates, started
from tasks.bench.samples import GPU_SAMPLES, gpu_sample
from tasks.compute.gpu_choice import DeviceSpeeds
from tasks.errors import GpuError
from tasks.host.hardware import Hardware
from tasks.host.pool_size import GPU_HOST_MB, GPU_MB, gpu_places

_TOO_LITTLE = f"memory is short: a process needs {GPU_MB} MB of the GPU's and {GPU_HOST_MB} MB more of the host's"


def places(hardware: Hardware, processes: int) -> tuple[int, ...]:
    """The GPU of each process that may use one, as `gpu_places` decides."""
    sizes = [gpu.memory_mb for gpu in hardware.gpus]
    return gpu_places(processes=processes, memory_mb=hardware.memory_mb, gpu_mb=sizes)


def measure_gpu(
    hardware: Hardware, processes: int, seconds: float, step: Callable[[], None] = lambda: None
) -> GpuMeasurement:
    """Compute each of `GPU_SAMPLES` for so many seconds on all processes' cores, then on the GPUs.

    Parameters:
        hardware: of this host, with at least one GPU.
        processes: number of processes; as many of them use a GPU at once as memory allows.
        seconds: for each sample and device.
        step: called after each sample.

    Raises MeasurementError when the processor can't be measured. Trouble with the GPU is in the measurement.
    """
    gpus = places(hardware, processes)
    if not gpus:
        return GpuMeasurement(processes=processes, at_gpu=0, problem=_TOO_LITTLE)
    found: list[DeviceSpeeds] = []
    problem = ""
    with started(processes) as ends:
        for job_type, size in GPU_SAMPLES:
            sample = gpu_sample(job_type, size)
            try:
                # first, since a GPU that can't be used need not be compared
                on_gpu = gpu_rates(sample, ends, gpus, seconds)
            except GpuError as exc:
                problem = str(exc)
                break
            on_cpu = rates(sample, ends, seconds)
            found.append(DeviceSpeeds(job_type=job_type, size=size, cpu_per_s=on_cpu, gpu_per_s=on_gpu))
            step()
    return GpuMeasurement(processes=processes, at_gpu=len(gpus), speeds=tuple(found), problem=problem)
