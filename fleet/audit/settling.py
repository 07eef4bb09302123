"""Settles a checked job by the results that several hosts gave. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from fleet.audit.comparing import HostResult, agree
from tasks.host.host_names import host_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """How a checked job was decided."""

    #: the result to submit
    claim: HostResult
    #: hosts that agreed on it, and hosts that gave another one
    agreed: tuple[str, ...]
    wrong: tuple[str, ...]


def host_that_claims(claim: HostResult) -> str:
    """The host that gave a result."""
    return host_of(claim.message.worker)


def settle(job_type: str, claims: Sequence[HostResult]) -> Settled | None:
    """The first result on which two hosts agree, None while none is. A host can't confirm itself.

    Whoever gave a result that agrees with neither of the two was wrong, even if another result of the same host agrees.
    """
    for first, second in combinations(claims, 2):
        if host_that_claims(first) == host_that_claims(second) or not agree(job_type, first, second):
            continue
        wrong = {
            host_that_claims(one) for one in claims if not (agree(job_type, one, first) or agree(job_type, one, second))
        }
        agreed = {host_that_claims(one) for one in claims} - wrong
        return Settled(claim=first, agreed=tuple(sorted(agreed)), wrong=tuple(sorted(wrong)))
    return None


def contradicting(job_type: str, claims: Sequence[HostResult]) -> frozenset[str]:
    """Hosts that gave two results of the same job which differ: kernels are functions, so such a host is wrong."""
    return frozenset(
        host_that_claims(first)
        for first, second in combinations(claims, 2)
        if host_that_claims(first) == host_that_claims(second) and not agree(job_type, first, second)
    )
