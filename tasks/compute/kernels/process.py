"""What a process needs before it computes: one BLAS thread, and freed memory kept at hand."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import numpy as np

#: where numpy's wheels keep the OpenBLAS that they bring: Linux, macOS
_FOLDERS = ("../numpy.libs", ".dylibs")
_SETTERS = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads64_")

#: glibc's parameters of mallopt(3)
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_KEPT_BYTES = 32 * 2**20
_LARGE_BYTES = 16 * 2**20


@cache
def settle() -> None:
    """Make this process fit to compute; it does so once, and forked children inherit it."""
    one_blas_thread()
    keep_freed_memory()


def one_blas_thread() -> bool:
    """Let the OpenBLAS of numpy's wheel compute in the calling thread only, in the whole process.

    The last bits of a product depend on the number of threads, and one job must give one result on every worker of a
    host. Setting OPENBLAS_NUM_THREADS=1 before numpy loads does it too, and spares the start of threads that only
    wait. Another BLAS (a distribution's, MKL) isn't reached: there the environment has to say so before numpy loads.

    Returns:
        Whether that library was found and told.
    """
    return any(_told(path) for folder in _FOLDERS for path in _libraries(folder))


def keep_freed_memory() -> bool:
    """Let malloc keep up to 32 MiB that arrays gave back, for the next ones, instead of returning it to the system.

    Otherwise each array above 128 KiB is mapped and faulted in anew, page by page: measured, a third of the time of a
    training job and half of a reduction's. Arrays above 16 MiB are still returned at once. Nothing happens without
    glibc.

    Returns:
        Whether glibc took it.
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
