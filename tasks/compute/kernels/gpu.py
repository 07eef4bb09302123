"""A GPU as a device for dense kernels, by CuPy, which the extra `gpu` brings. CuPy is loaded on opening a GPU only."""

from __future__ import annotations

import os

import numpy as np

from tasks.compute.kernels.device import Device
from tasks.compute.kernels.standard import StandardFunctions
from tasks.compute.payloads.estimate import MAX_MEMORY_BYTES

#: GPU memory that a process may hold for arrays: twice that of the largest job, since results are new arrays
POOL_BYTES = 2 * MAX_MEMORY_BYTES
#: GPUs are numbered as the driver lists them, and products are of float32, whatever this process inherited
_ENVIRONMENT = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUPY_TF32": "0", "NVIDIA_TF32_OVERRIDE": "0"}


def open_gpu(number: int) -> Device:
    """Open a GPU in this process, for good: the one of that number, counted round and round.

    A process that has opened a GPU must not fork: CUDA works in none of its children. So pool processes call this, and
    never the process that starts them. It may take seconds.

    Raises whatever CuPy raises: ImportError without CuPy or a library of CUDA, its own errors without a driver or GPU.
    """
    os.environ.update(_ENVIRONMENT)
    import cupy  # noqa: PLC0415 - not a part of every installation
    from array_api_compat import array_namespace  # noqa: PLC0415 - comes with it

    cupy.cuda.Device(number % cupy.cuda.runtime.getDeviceCount()).use()
    cupy.get_default_memory_pool().set_limit(size=POOL_BYTES)
    functions = StandardFunctions(array_namespace(cupy.asarray(np.zeros(1, dtype=np.float32))))
    return Device(xp=functions, to_device=cupy.asarray, to_host=cupy.asnumpy, largest=functions.largest)
