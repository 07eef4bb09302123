"""Decides whether two hosts' results of one job agree. Pure.

Two hosts of the same kind compute the same digests. Hosts of unlike kinds add float32 numbers in another order, so the
digests over such numbers differ, and the numbers beside them agree within a tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any

from tasks.messages import ResultMessage

#: relative and absolute difference of two floats that counts as none, over ten times what was measured between kinds of
#: hosts (docs/checking.md)
RELATIVE, ABSOLUTE = 1e-3, 1e-6
#: the same absolute difference for sums of large numbers that may cancel out
_OF_SUM: dict[tuple[str, str], float] = {("matrix_ops", "trace"): 1e-3}
#: job type → digests over numbers whose last bits differ between kinds of hosts; every other digest is over integers,
#: texts or drawn numbers, which are the same everywhere
_OF_KIND: dict[str, frozenset[str]] = {
    "fraud_detection": frozenset({"results_hash"}),
    "model_training": frozenset({"weights_hash"}),
    "inference": frozenset({"output_hash"}),
    "federated_learning": frozenset({"weights_hash"}),
    "gradient_compute": frozenset({"gradient_hash"}),
    "matrix_ops": frozenset({"result_hash"}),
    "matrix_multiply": frozenset({"checksum"}),
    "model_inference": frozenset({"checksum"}),
}
#: job type → integers that a rounding may change: a step is kept if it lowers a loss
_LOOSE: dict[str, frozenset[str]] = {"model_training": frozenset({"steps_kept"})}
_DIGEST = re.compile(r"[0-9a-f]{64}")

#: what two hosts must have in common to compute the same digests; empty where a host has not stated it
Kind = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HostResult:
    """One host's result of a job that is checked."""

    message: ResultMessage
    kind: Kind = ()


def agree(job_type: str, first: HostResult, second: HostResult) -> bool:
    """Whether two results of one job, each of which holds what a server requires, agree.

    Between hosts of one kind, everything must be equal. Otherwise numbers may differ by rounding, and digests over such
    numbers are left out. Kernels of unlike versions make unlike digests, and may state unlike fields: what both state
    is compared then, and at least one number of it.
    """
    one, other = first.message, second.message
    if one.result == other.result and one.kernel_version == other.kernel_version:
        return True
    if first.kind and first.kind == second.kind:
        return False
    return _within(job_type, one.result, other.result, same_version=one.kernel_version == other.kernel_version)


def _within(job_type: str, one: Mapping[str, Any], other: Mapping[str, Any], *, same_version: bool) -> bool:
    if same_version and one.keys() != other.keys():
        return False
    left_out = _OF_KIND.get(job_type, frozenset()) | _LOOSE.get(job_type, frozenset())
    names = [name for name in one if name in other and name not in left_out]
    if not same_version:
        names = [name for name in names if not (_is_digest(one[name]) and _is_digest(other[name]))]
    telling = any(isinstance(one[name], int | float) and not isinstance(one[name], bool) for name in names)
    return telling and all(_alike(one[name], other[name], _OF_SUM.get((job_type, name), ABSOLUTE)) for name in names)


def _alike(one: Any, other: Any, absolute: float = ABSOLUTE) -> bool:
    """Whether two JSON values are equal but for the rounding of their floats. Results have bounded depth."""
    if isinstance(one, float) or isinstance(other, float):
        numbers = _is_number(one) and _is_number(other)
        return numbers and isclose(one, other, rel_tol=RELATIVE, abs_tol=absolute)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None
