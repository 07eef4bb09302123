"""Seeds, and products of matrices by loops in float64, to hold kernels against."""

from __future__ import annotations

from math import fsum
from typing import Any

from numpy.random import Generator
from numpy.typing import NDArray

from tasks.compute.digest import seed
from tasks.compute.kernels.draws import generator

SEED = seed("a job")
Rows = list[list[float]]


def again() -> Generator:
    """A generator in one known state, that of the fixture `rng`."""
    return generator(SEED)


def product(a: Rows, b: Rows) -> Rows:
    """a·b by loops over float64."""
    columns = list(zip(*b, strict=True))
    return [[fsum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a]


def rows(array: NDArray[Any]) -> Rows:
    """The array's entries as Python floats."""
    return [[float(value) for value in row] for row in array]
