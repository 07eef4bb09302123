"""Whether two results of one job agree, although two kinds of hosts or devices computed them. Pure, and free of numpy.

Unlike processors, libraries and GPUs add float32 numbers in another order. So the digests over such numbers differ, and
the numbers beside them agree within a tolerance.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from math import isclose
from typing import Any

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


def within(job_type: str, one: Mapping[str, Any], other: Mapping[str, Any], *, same_version: bool = True) -> bool:
    """Whether two results, each of which holds what a server requires, agree but for rounding.

    Digests over numbers that rounding may change are left out. Kernels of unlike versions make unlike digests, and may
    state unlike fields: what both state is compared then, and at least one number of it.
    """
    if same_version and one.keys() != other.keys():
        return False
    names = comparable(job_type, one, other, same_version=same_version)
    return is_telling(one, names) and all(field_alike(job_type, name, one[name], other[name]) for name in names)


def comparable(
    job_type: str, one: Mapping[str, Any], other: Mapping[str, Any], *, same_version: bool
) -> tuple[str, ...]:
    """The fields in which such results must agree: what both state, without digests that may differ."""
    left_out = _OF_KIND.get(job_type, frozenset()) | _LOOSE.get(job_type, frozenset())
    names = [name for name in one if name in other and name not in left_out]
    if not same_version:
        names = [name for name in names if not (_is_digest(one[name]) and _is_digest(other[name]))]
    return tuple(names)


def is_telling(result: Mapping[str, Any], names: Collection[str]) -> bool:
    """Whether these fields of a result hold a number, so that comparing them says something."""
    return any(_is_number(result[name]) for name in names)


def field_alike(job_type: str, name: str, one: Any, other: Any) -> bool:
    """Whether two values of one field are equal but for the rounding of their floats."""
    return _alike(one, other, _OF_SUM.get((job_type, name), ABSOLUTE))


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
