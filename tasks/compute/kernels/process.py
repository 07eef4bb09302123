"""Prepares a process for computing: one BLAS thread, and freed memory kept for reuse."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import numpy as np

#: folders in which numpy's wheels bring OpenBLAS: Linux, macOS
_FOLDERS = ("../numpy.libs", ".dylibs")
_SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads64_")

#: parameter numbers of glibc's mallopt(3)
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT_BYTES = 32 * 2**20
_LARGE_BYTES = 16 * 2**20


@cache
def prepare_process() -> None:
    """Prepare this process for computing, once; forked children inherit it."""
    one_blas_thread()
    keep_freed_memory()


def one_blas_thread() -> bool:
    """Make the OpenBLAS of numpy's wheel compute only in the calling thread, in the whole process.

    The last bits of a product depend on the number of threads, and a job must give the same result on every worker of a
    host. Setting OPENBLAS_NUM_THREADS=1 before numpy loads has the same effect, and avoids starting threads that only
    wait. This does not reach another BLAS (a distribution's, MKL), which needs that variable before numpy loads.

    Returns:
        Whether that library was found and set.
    """
    return any(_told(path) for folder in _FOLDERS for path in _libraries(folder))


def keep_freed_memory() -> bool:
    """Make malloc keep up to 32 MiB of freed arrays for the next ones, instead of returning it to the system.

    Otherwise each array above 128 KiB is mapped and page-faulted again: measured, a third of the time of a training job
    and half of a reduction's. Arrays above 16 MiB are still returned at once. Without glibc this does nothing.

    Returns:
        Whether glibc accepted it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    wanted = ((_MMAP_THRESHOLD, _LARGE_BYTES), (_TRIM_THRESHOLD, _KEPT_BYTES), (_TOP_PAD, _LARGE_BYTES))
    return all(mallopt(ctypes.c_int(parameter), ctypes.c_int(value)) == 1 for parameter, value in wanted)


def _libraries(folder: str) -> list[Path]:
    return sorted((Path(np.__file__).parent / folder).glob("*openblas*"))


def _told(path: Path) -> bool:
    library = ctypes.CDLL(str(path))
    for name in _SETTERS:
        setter = getattr(library, name, None)
        if setter is not None:
            setter(ctypes.c_int(1))
            return True
    return False
