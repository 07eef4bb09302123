"""Random numbers for a job: the same seed gives the same numbers on every host."""

from __future__ import annotations

import hashlib
from math import prod

import numpy as np
from numpy.random import SFC64, Generator
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray

_SEED_BYTES = 32
_STEP = 2.0**-15
_WORD64 = np.dtype("<u8")
_WORD16 = np.dtype("<i2")


class Digested(ISeedSequence):
    """A seed extended by SHAKE-256 to the number of words that a bit generator needs.

    It replaces numpy's SeedSequence, which takes 20 µs, longer than a whole light kernel. The seed is already a digest,
    so its entropy needs no more mixing.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed.to_bytes(_SEED_BYTES, "little")

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint32) -> NDArray[np.uint32 | np.uint64]:
        """`(n_words,)` words of uint32 or uint64, read little-endian from the stretched seed."""
        word = _WORD64 if dtype is np.uint64 else np.dtype(dtype).newbyteorder("<")
        stretched = hashlib.shake_256(self._seed).digest(n_words * word.itemsize)
        return np.frombuffer(stretched, dtype=word).astype(dtype, copy=False)


def generator(seed: int) -> Generator:
    """A generator (SFC64) for a seed of at most 256 bits. The same seed always gives the same stream.

    Raises:
        OverflowError: the seed is negative or wider.
    """
    return Generator(SFC64(Digested(seed)))  # type: ignore[arg-type]  # the stubs know SeedSequence only


def words16(rng: Generator, count: int) -> NDArray[np.int16]:
    """`(count,)` uniform int16, four from each 64-bit word of the generator."""
    raw: NDArray[np.uint64] = rng.bit_generator.random_raw(-(-count // 4))
    return raw.astype(_WORD64, copy=False).view(_WORD16)[:count]


def uniform(rng: Generator, shape: int | tuple[int, ...], scale: float = 1.0) -> NDArray[np.float32]:
    """Uniform float32 of the given shape on an even grid of 2¹⁶ values in [-scale, scale).

    `k·scale·2⁻¹⁵` for a uniform int16 k: mean −scale·2⁻¹⁶, variance scale²/3. The grid is coarser than the 24 bits of
    `Generator.random`, but three times as fast, and drawing takes most of the time of a kernel on drawn numbers. An
    empty shape gives one number, a shape with a 0 in it none.
    """
    count = shape if isinstance(shape, int) else prod(shape)
    return np.multiply(words16(rng, count), scale * _STEP, dtype=np.float32).reshape(shape)
