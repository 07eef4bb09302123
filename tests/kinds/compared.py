"""Compares what unlike kinds of hosts computed for the same jobs: what agrees, and how far numbers differ. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from fleet.audit.comparing import HostResult
from fleet.audit.replaying import Agreement, compare
from tasks.messages import Outcome, ResultMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class Computed:
    """What one kind of host computed."""

    #: what it states of itself
    kind: tuple[str, ...]
    kernel_version: str
    #: one for each job, in the order of the jobs
    results: Sequence[Mapping[str, Any]]


@dataclass(kw_only=True, slots=True)
class Difference:
    """The largest differences between floats of one field, over all pairs of kinds."""

    absolute: float = 0.0
    relative: float = 0.0

    def add(self, one: float, other: float) -> None:
        apart = abs(one - other)
        self.absolute = max(self.absolute, apart)
        if apart:
            self.relative = max(self.relative, apart / max(abs(one), abs(other)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Each kind compared with each."""

    agreements: Counter[Agreement] = field(default_factory=Counter)
    #: job type and field → the largest differences
    differences: dict[tuple[str, str], Difference] = field(default_factory=lambda: defaultdict(Difference))
    #: what differs by more than the tolerance, in words
    wrong: list[str] = field(default_factory=list)


def compared(job_types: Sequence[str], kinds: Mapping[str, Computed]) -> Compared:
    """Compare the results of each two kinds, by name, for jobs of these types."""
    found = Compared()
    for (name, one), (other_name, other) in combinations(kinds.items(), 2):
        for job_type, ours, theirs in zip(job_types, one.results, other.results, strict=True):
            verdict = compare(job_type, _result(one, ours), _result(other, theirs))
            found.agreements[verdict.agreement] += 1
            bad = [part.name for part in verdict.fields if part.agreement is Agreement.DIFFERS]
            if verdict.agreement is Agreement.DIFFERS:
                found.wrong.append(f"{job_type} of {name} and {other_name}: {', '.join(bad)}")
            for part in verdict.fields:
                for apart in _floats(part.submitted, part.computed):
                    found.differences[job_type, part.name].add(*apart)
    return found


def _result(host: Computed, result: Mapping[str, Any]) -> HostResult:
    message = ResultMessage(
        job_id="job", attempt=1, outcome=Outcome.COMPUTED, result=result, kernel_version=host.kernel_version
    )
    return HostResult(message=message, kind=host.kind)


def _floats(one: Any, other: Any) -> Iterator[tuple[float, float]]:
    """The floats at the same places of two JSON values."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() & other.keys():
            yield from _floats(one[name], other[name])
    elif isinstance(one, list) and isinstance(other, list):
        for left, right in zip(one, other, strict=False):
            yield from _floats(left, right)
    elif isinstance(one, float) and isinstance(other, float):
        yield one, other
