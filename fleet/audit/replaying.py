"""Compares a result that was submitted with the same job, computed again. Pure.

Hosts of one kind must agree in every bit. Unlike kinds, and results of a GPU, are compared as checked
work compares them, by `tasks.compute.tolerance`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fleet.audit.comparing import HostResult, exact_kind
from tasks.compute.tolerance import comparable, field_alike, is_telling
from tasks.kinds import version_of

#: the field that the coordinator adds to every result: no two runs take equally long
_TIME_FIELD = "compute_time_ms"


class Agreement(StrEnum):
    """How far two results, or one field of them, agree."""

    #: equal in every bit
    SAME = "same"
    #: equal but for rounding, on unlike kinds of hosts
    WITHIN_TOLERANCE = "within tolerance"
    #: not equal
    DIFFERS = "differs"
    #: digests over numbers whose last bits differ between kinds of hosts, or fields of another release's kernel
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedField:
    """One field of both results; None where a result lacks it."""

    name: str
    submitted: Any
    computed: Any
    agreement: Agreement


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedResults:
    """A submitted result beside the one that was computed again."""

    agreement: Agreement
    #: whether both hosts are known to be of one kind
    same_kind: bool
    fields: tuple[ComparedField, ...]


def compare(job_type: str, submitted: HostResult, computed: HostResult, *, mended: bool = False) -> ComparedResults:
    """Compare a submitted result with the computed one. A `mended` one was cut to its required fields."""
    ours = _untimed(submitted.message.result)
    again = {name: value for name, value in _untimed(computed.message.result).items() if not mended or name in ours}
    kind = exact_kind(submitted)
    same_kind = bool(kind) and kind == exact_kind(computed)
    same_version = version_of(submitted.message.kernel_version) == version_of(computed.message.kernel_version)
    names = comparable(job_type, ours, again, same_version=same_version)

    def agreement_of(name: str) -> Agreement:
        if name not in ours or name not in again:
            return Agreement.DIFFERS if same_version else Agreement.NOT_COMPARABLE
        if ours[name] == again[name]:
            return Agreement.SAME
        if same_kind:
            return Agreement.DIFFERS
        if name not in names:
            return Agreement.NOT_COMPARABLE
        alike = field_alike(job_type, name, ours[name], again[name])
        return Agreement.WITHIN_TOLERANCE if alike else Agreement.DIFFERS

    fields = tuple(
        ComparedField(name=name, submitted=ours.get(name), computed=again.get(name), agreement=agreement_of(name))
        for name in dict.fromkeys((*ours, *again))
    )
    found = _agreement_of_all([field.agreement for field in fields], telling=is_telling(ours, names))
    return ComparedResults(agreement=found, same_kind=same_kind, fields=fields)


def _agreement_of_all(found: Sequence[Agreement], *, telling: bool) -> Agreement:
    if Agreement.DIFFERS in found:
        return Agreement.DIFFERS
    if all(one is Agreement.SAME for one in found):
        return Agreement.SAME
    return Agreement.WITHIN_TOLERANCE if telling else Agreement.NOT_COMPARABLE


def _untimed(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != _TIME_FIELD}
