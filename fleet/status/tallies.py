"""Counts attempts and payments by job type or host. Pure; times are monotonic seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.status.recent import Recent
from fleet.status.snapshot import WorkRow

#: the name under which further names are counted
OTHER = "other"


class Names:
    """The first `most` names that were asked for; others share one, since servers and workers may invent names."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def of(self, name: str) -> str:
        """The name that `name` is counted under."""
        if name in self._known or len(self._known) >= self._most:
            return name if name in self._known else OTHER
        self._known.add(name)
        return name


@dataclass(slots=True)
class _Counts:
    computed: int = 0
    failed: int = 0
    last_ms: int | None = None


class WorkTally:
    """Work by name. After `most` names, further ones count as one."""

    def __init__(self, most: int, now: float) -> None:
        self._most = most
        self._names = Names(most)
        self._counts = defaultdict[str, _Counts](_Counts)
        self._paid, self._kernel_us = Recent(now), Recent(now)

    def ended(self, name: str, *, computed: int, failed: int, kernel_ms: float, now: float, now_ms: int) -> None:
        """Count attempts that ended, whose kernels took `kernel_ms` together."""
        name = self._names.of(name)
        counts = self._counts[name]
        counts.computed += computed
        counts.failed += failed
        counts.last_ms = now_ms
        self._kernel_us.add(name, int(kernel_ms * 1000), ZERO, now)

    def paid(self, name: str, jobs: int, amount: Decimal, now: float) -> None:
        """Count jobs that were paid."""
        name = self._names.of(name)
        if name not in self._counts:
            self._counts[name] = _Counts()
        self._paid.add(name, jobs, amount, now)

    def rows(
        self,
        now: float,
        free_slots: Mapping[str, int] | None = None,
        busy_slots: Mapping[str, int] | None = None,
        idle_s: Mapping[str, float] | None = None,
    ) -> tuple[WorkRow, ...]:
        """All names in alphabetical order, with the hosts that state free slots and have not computed yet."""
        self._paid.expire(now)
        self._kernel_us.expire(now)
        stated = free_slots or {}
        idle = sorted(stated.keys() - self._counts.keys())[: max(self._most - len(self._counts), 0)]
        counted = self._counts | {name: _Counts() for name in idle}
        return tuple(
            replace(
                self._row(name, counts, stated.get(name), (busy_slots or {}).get(name)),
                idle_s=None if idle_s is None else idle_s.get(name, 0.0),
            )
            for name, counts in sorted(counted.items())
        )

    def _row(self, name: str, counts: _Counts, free_slots: int | None, busy_slots: int | None) -> WorkRow:
        jobs, amount = self._paid.of(name)
        return WorkRow(
            name=name,
            computed=counts.computed,
            failed=counts.failed,
            recent_jobs=jobs,
            recent=amount,
            recent_kernel_s=self._kernel_us.of(name)[0] / 1e6,
            last_ms=counts.last_ms,
            free_slots=free_slots,
            busy_slots=busy_slots,
        )
