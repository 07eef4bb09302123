"""Stands for CuPy where it is imported: its arrays are those of array-api-strict, which compute on the processor.

Only what `tasks.compute.kernels.gpu` calls of CuPy is here. A file, which the variable CUPY_STAND_IN names, says how
the GPU fares; each process that opens the GPU is noted beside it. As with CUDA, a process that was forked from one that
has opened the GPU can't use it. No test that uses this says anything about a real GPU.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import array_api_strict
import numpy as np

#: how a GPU may fare
NO_DRIVER, NO_MEMORY, LOST, WRONG, SLOW, DEADLY = "no driver", "no memory", "lost", "wrong", "slow", "deadly"
_LARGE = 1000
_opened_by: int | None = None


class ndarray:  # noqa: N801 - the name is CuPy's
    """CuPy's own arrays, of which there are none here."""


class OutOfMemoryError(MemoryError):
    """As CuPy's, in its place in the tree."""


class CUDARuntimeError(RuntimeError):
    """As CuPy's."""


def fares(folder: Path, how: str = "") -> Path:
    """Let the GPU fare so from now on; empty: well. Returns the file that CUPY_STAND_IN has to name."""
    file = folder / "gpu-fares"
    file.write_text(how)
    return file


def opened_by(folder: Path) -> set[int]:
    """The processes that have opened the GPU."""
    file = folder / "gpu-fares.pids"
    return {int(line) for line in file.read_text().split()} if file.exists() else set()


def install(folder: Path) -> str:
    """Install this module as CuPy in a folder; the folder, for PYTHONPATH."""
    (folder / "cupy.py").write_text(f"from {__name__} import *\nfrom {__name__} import get_default_memory_pool\n")
    info = folder / "cupy_cuda12x-14.2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cupy-cuda12x\nVersion: 14.2.0\n")
    driver = folder / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'NVIDIA Stand-in, 4096'\n")
    driver.chmod(0o755)
    return str(folder)


def _how() -> str:
    return Path(os.environ["CUPY_STAND_IN"]).read_text()


def _count() -> int:
    global _opened_by  # noqa: PLW0603 - so does CUDA
    if _how() == NO_DRIVER:
        raise CUDARuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient")
    if _opened_by is None:
        _opened_by = os.getpid()
        with Path(os.environ["CUPY_STAND_IN"] + ".pids").open("a") as file:
            file.write(f"{_opened_by}\n")
    return 1


def asarray(array: np.ndarray[Any, Any]) -> Any:
    """Move an array to the device."""
    if _opened_by != os.getpid():
        raise CUDARuntimeError("cudaErrorInitializationError: initialization error")
    how = _how()
    if how == NO_MEMORY and array.size > _LARGE:
        raise OutOfMemoryError(f"Out of memory allocating {array.nbytes} bytes")
    if how == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if how == SLOW:
        time.sleep(0.2)
    return array_api_strict.asarray(array)


def asnumpy(array: Any) -> np.ndarray[Any, Any]:
    """Move an array back."""
    how = _how()
    if how == LOST:
        raise CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered")
    back: np.ndarray[Any, Any] = np.array(np.from_dlpack(array))
    return back * np.float32(1.01) if how == WRONG else back


def get_default_memory_pool() -> Any:
    """The pool that keeps freed memory."""
    return SimpleNamespace(set_limit=lambda *, size: size)


cuda = SimpleNamespace(
    Device=lambda number: SimpleNamespace(use=lambda: number), runtime=SimpleNamespace(getDeviceCount=_count)
)
