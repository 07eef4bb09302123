"""Draws from a seed, against the published generators."""

from __future__ import annotations

import hashlib
from math import sqrt

import numpy as np
import pytest
from numpy.random import Generator

from tasks.compute.kernels.draws import Digested, generator, uniform, words16
from tests.support.by_loops import SEED, again

# Draws


def test_a_seed_gives_the_numbers_that_sfc64_and_shake256_give() -> None:
    words = np.frombuffer(hashlib.shake_256(SEED.to_bytes(32, "little")).digest(24), dtype="<u8")
    assert Digested(SEED).generate_state(3, np.uint64).tolist() == words.tolist()
    state = [*(int(word) for word in words), 1]
    for _ in range(12):
        sfc64(state)
    assert generator(SEED).bit_generator.random_raw(5).tolist() == [sfc64(state) for _ in range(5)]


def sfc64(state: list[int]) -> int:
    """One word of Chris Doty-Humphrey's small fast chaotic generator; the state moves on."""
    mask = 2**64 - 1
    a, b, c, counter = state
    word = (a + b + counter) & mask
    turned = (c << 24 | c >> 40) & mask
    state[:] = [b ^ b >> 11, (c + (c << 3)) & mask, (turned + word) & mask, counter + 1]
    return word


def test_draws_lie_in_their_range_with_their_mean_and_variance(rng: Generator) -> None:
    values = uniform(rng, (500, 400), 2.0)
    assert values.dtype == np.float32
    assert values.shape == (500, 400)
    assert -2.0 <= values.min() < -1.999
    assert 1.999 < values.max() < 2.0
    assert abs(values.mean(dtype=np.float64)) < 5 * 2 / sqrt(3 * values.size)
    assert abs(values.var(dtype=np.float64) - 4 / 3) < 0.02
    assert abs(np.corrcoef(values.reshape(-1)[:-1], values.reshape(-1)[1:])[0, 1]) < 0.01


def test_draws_are_the_generators_words_on_a_grid() -> None:
    words = again().bit_generator.random_raw(3).astype("<u8").tobytes()
    expected = [int.from_bytes(words[2 * k : 2 * k + 2], "little", signed=True) for k in range(10)]
    assert words16(again(), 10).tolist() == expected
    assert uniform(again(), 10, 0.5).tolist() == [value / 2**16 for value in expected]


@pytest.mark.parametrize(("shape", "size"), [(0, 0), ((), 1), ((3, 0), 0), (1, 1), (5, 5)])
def test_draws_of_any_count_have_that_count(shape: int | tuple[int, ...], size: int, rng: Generator) -> None:
    assert uniform(rng, shape).size == size


def test_two_seeds_give_two_streams_and_a_seed_is_at_most_256_bits() -> None:
    assert uniform(generator(1), 8).tolist() != uniform(generator(2), 8).tolist()
    generator(2**256 - 1)
    for bad in (-1, 2**256):
        with pytest.raises(OverflowError):
            generator(bad)
