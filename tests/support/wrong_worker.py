"""`python -m tests.support.wrong_worker` is `python -m tasks` on a host that computes wrongly, as WRONG_WORKER says.

It writes the id of each job that it gave a wrong result to the file that WRONG_WORKER_FILE names.

- `flips`: one bit of a result is flipped, in a share of jobs that WRONG_WORKER_SHARE says (0.01)
- `noise`: random numbers of the right form, without computing
- `others`: the result of another job of the same type
- `times`: right results that claim to have taken a minute
"""

from __future__ import annotations

import os
import random
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks import __main__ as door
from tasks.compute import catalog
from tasks.messages import encode_computed
from tasks.worker import job_tasks

_compute = catalog.compute
_KIND = os.environ.get("WRONG_WORKER", "noise")
_SHARE = float(os.environ.get("WRONG_WORKER_SHARE", "0.01"))
#: job type → a right result of some job
_forms: dict[str, dict[str, Any]] = {}


def _note(job_id: str) -> None:
    with Path(os.environ["WRONG_WORKER_FILE"]).open("a", encoding="utf-8") as file:
        file.write(f"{job_id}\n")


def noise(form: Any, rng: random.Random) -> Any:
    """Random values of the same form."""
    if isinstance(form, dict):
        return {name: noise(value, rng) for name, value in form.items()}
    if isinstance(form, list):
        return [noise(value, rng) for value in form]
    if isinstance(form, bool):
        return form
    if isinstance(form, int):
        return rng.randrange(max(form, 1) * 2)
    if isinstance(form, float):
        return rng.uniform(-2, 2) * form
    return f"{rng.getrandbits(256):064x}"


def flipped(result: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The result with one bit of one of its numbers or digests flipped."""
    name = rng.choice([name for name, value in result.items() if isinstance(value, int | float | str)])
    value = result[name]
    if isinstance(value, bool):
        return result | {name: not value}
    if isinstance(value, int):
        return result | {name: value ^ 1 << rng.randrange(16)}
    if isinstance(value, float):
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        (other,) = struct.unpack("<d", struct.pack("<Q", bits ^ 1 << rng.randrange(40, 62)))
        return result | {name: other}
    return result | {name: value[:-1] + ("0" if value[-1] != "0" else "1")}


def compute(job_type: str, data: Mapping[str, Any], *, job_id: str) -> dict[str, Any]:
    """The catalog's `compute`, wrongly."""
    rng = random.Random()
    if _KIND == "noise" and job_type in _forms:
        _note(job_id)
        return dict(noise(_forms[job_type], rng))
    if _KIND == "others":
        _note(job_id)
        return _compute(job_type, data, job_id=f"{job_id}-another")
    right = _compute(job_type, data, job_id=job_id)
    _forms[job_type] = right
    if _KIND == "flips" and rng.random() < _SHARE:
        _note(job_id)
        return flipped(right, rng)
    return right


def encode(*, result: Mapping[str, Any], kernel_version: str, compute_ms: float) -> dict[str, Any]:
    """The reply, with a false time if that is this host's fault."""
    stated_ms = 60_000.0 if _KIND == "times" else compute_ms
    return encode_computed(result=result, kernel_version=kernel_version, compute_ms=stated_ms)


if __name__ == "__main__":
    catalog.compute = compute
    setattr(job_tasks, "encode_computed", encode)  # noqa: B010 - the module does not export it
    sys.exit(door.main())
