"""The generator that kernels draw from in these tests."""

from __future__ import annotations

import pytest
from numpy.random import Generator

from tasks.compute.kernels.draws import generator
from tests.support.by_loops import SEED


@pytest.fixture
def rng() -> Generator:
    """A generator in one known state."""
    return generator(SEED)
