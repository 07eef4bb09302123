"""SHA-256 digests of canonical bytes: equal values give equal digests on every host. Free of numpy.

A digest is made of parts: a name that separates domains, then bytes or JSON values. Each part is preceded by its
length, so that different lists of parts never have the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import isnan

from tasks.compact_json import compact_sorted

#: part of every kernel's digests; raised whenever a kernel's numbers change for the same job
KERNEL_VERSION = "3"

_HEADER = f"neonet-fleet/{KERNEL_VERSION}/"
_SEED_HEADER = b"neonet-fleet/seed/"


def digest(name: str, *parts: bytes | memoryview) -> str:
    """SHA-256 over the name, the kernel version and each part with its length in front, as 64 hex characters.

    Parameters:
        name: the domain, such as a kernel's name.
        parts: contiguous buffers, each hashed as its bytes.
    """
    state = hashlib.sha256(f"{_HEADER}{name}\0".encode())
    for part in parts:
        size = part.nbytes if isinstance(part, memoryview) else len(part)
        state.update(size.to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()


def canonical(value: object) -> bytes:
    """The canonical JSON text of a value: keys sorted, no spaces, ASCII, floats by repr, -0.0 as 0.0, every NaN as NaN.

    1 and 1.0 remain different values.

    Raises:
        TypeError: a part of it does not exist in JSON, or a key is not a string.
        RecursionError: it is nested deeper than the interpreter's limit.
    """
    return compact_sorted(_plain(value)).encode("ascii")


def seed(job_id: str) -> int:
    """The 256-bit seed of a job: SHA-256 of its id. Any string works, lone surrogates included."""
    return int.from_bytes(hashlib.sha256(_SEED_HEADER + job_id.encode(errors="surrogatepass")).digest(), "little")


def _plain(value: object) -> object:
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return float("nan") if isnan(value) else value + 0.0
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} is not of JSON")


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(f"a key of type {type(key).__name__} is not of JSON")
