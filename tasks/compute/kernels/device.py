"""A device that dense kernels compute on: the functions of an array library, and the way there and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One device.

    Kernels draw their numbers with numpy, move them to the device, and add up with numpy what they move back: sums have
    the same order everywhere. Only products of matrices and functions of single elements are left to the device.
    """

    #: `empty_like`, `matmul`, `add`, `subtract`, `multiply`, `tanh`, `ldexp` and the scalar type `float32`, called as
    #: numpy's. What they return counts: a library that knows no `out` returns a new array.
    xp: Any
    #: the device's array with the elements of a numpy array, and the reverse; either may be the same array
    to_device: Callable[[Any], Any]
    to_host: Callable[[Any], Any]
    #: the largest absolute value in an array that is not empty
    largest: Callable[[Any], float]


def _same(array: Any) -> Any:
    return array


def _largest(array: Any) -> float:
    return max(float(array.max()), -float(array.min()))


#: numpy itself, without anything in between
CPU = Device(xp=np, to_device=_same, to_host=_same, largest=_largest)
