"""The digest of arrays, over each one's dtype (short name, "f4"), shape and elements (little-endian, C order)."""

from __future__ import annotations

import sys
from functools import lru_cache
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.compute.digest import digest


def fingerprint(name: str, *arrays: NDArray[Any]) -> str:
    """SHA-256 over the arrays, as 64 hex characters.

    Memory layout and byte order don't matter; dtype and shape do. Before hashing, -0.0 becomes 0.0 and every NaN
    becomes the same quiet NaN, so arrays that compare equal have equal hashes. The arrays are not changed.

    Parameters:
        name: the domain, such as a kernel's name.
        arrays: of a bool, integer or real floating dtype, any shape, empty ones included.
    """
    parts: list[bytes | memoryview] = []
    for array in arrays:
        parts.append(_header(array.dtype, array.shape))
        parts.append(_elements(array).data)
    return digest(name, *parts)


@lru_cache(maxsize=256)
def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    return f"{dtype.kind}{dtype.itemsize}{shape}".encode()


def _elements(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "f":
        array = array + 0.0  # IEEE: -0.0 + 0.0 is 0.0
        if _holds_nan(array):
            array[np.isnan(array)] = np.nan
    if array.dtype.isnative and array.flags.c_contiguous and sys.byteorder == "little":
        return array
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _holds_nan(array: NDArray[Any]) -> bool:
    # x·x is NaN only if x contains a NaN, and is the cheapest pass over an array of any size.
    return isnan(np.vdot(array, array))
