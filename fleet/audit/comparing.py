"""Decides whether two hosts' results of one job agree. Pure.

Two hosts of the same kind compute the same digests on their processors. Results of unlike kinds, and those that a GPU
computed, agree within a tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.compute.tolerance import within
from tasks.kinds import Kind, computed_on_gpu, gpu_of, processor_kind, version_of
from tasks.messages import ResultMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class HostResult:
    """One host's result of a job that is checked."""

    message: ResultMessage
    kind: Kind = ()


def agree(job_type: str, first: HostResult, second: HostResult) -> bool:
    """Whether two results of one job, each of which holds what a server requires, agree.

    Between processors of one kind, everything must be equal. Otherwise numbers may differ by rounding. It was not
    measured whether two GPUs of one model compute the same bits, so a GPU's result is never required to.
    """
    one, other = first.message, second.message
    if one.result == other.result and one.kernel_version == other.kernel_version:
        return True
    kind = exact_kind(first)
    if kind and kind == exact_kind(second):
        return False
    same_version = version_of(one.kernel_version) == version_of(other.kernel_version)
    return within(job_type, one.result, other.result, same_version=same_version)


def exact_kind(claim: HostResult) -> Kind:
    """What decides on each bit of a result; empty where that is not known.

    A result counts as a GPU's only if its host states a GPU: otherwise any host could escape the exact comparison.
    """
    on_gpu = computed_on_gpu(claim.message.kernel_version) and gpu_of(claim.kind)
    return () if on_gpu else processor_kind(claim.kind)
