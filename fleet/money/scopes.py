"""The periods that a figure can cover: this run, the whole ledger, or the time since the base. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from fleet.domain.amounts import ZERO, EntryKind


def stamp(ms: int | None) -> str | None:
    """A time in UTC milliseconds as ISO 8601, to the second; None stays None."""
    return None if ms is None else f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """The figures of one period of a ledger."""

    #: start of the period in UTC milliseconds; None if nothing was booked
    since_ms: int | None
    #: numbers of jobs: `assigned` (with those already open at its start), each final state, and `open`
    jobs: Mapping[str, int]
    #: NNET by kind of entry
    sums: Mapping[str, Decimal]

    @property
    def booked(self) -> Decimal:
        """NNET booked in this period."""
        return sum(self.sums.values(), ZERO)

    def stated(self) -> dict[str, object]:
        """The figures, for JSON."""
        return {
            "since": stamp(self.since_ms),
            "jobs": dict(self.jobs),
            "booked_nnet": self.booked,
            "jobs_nnet": self.sums.get(EntryKind.JOB.value, ZERO),
            "heartbeats_nnet": self.sums.get(EntryKind.HEARTBEAT.value, ZERO),
            "adjustments_nnet": self.sums.get(EntryKind.ADJUSTMENT.value, ZERO),
        }


def added(scopes: Sequence[Scope]) -> Scope:
    """The figures of the same period at several servers, added up."""
    jobs, sums = Counter[str](), dict[str, Decimal]()
    for scope in scopes:
        jobs.update(scope.jobs)
        for kind, amount in scope.sums.items():
            sums[kind] = sums.get(kind, ZERO) + amount
    since = [scope.since_ms for scope in scopes if scope.since_ms is not None]
    return Scope(since_ms=min(since, default=None), jobs=jobs, sums=sums)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scopes:
    """The three periods for which a run states its figures."""

    #: since the run's first start
    run: Scope
    #: everything that the ledger holds for this server
    ledger: Scope
    #: for this farm's miners, since the server's total of each was first seen or last started over
    since_base: Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """When a miner's base began and when its total was last stated, in UTC milliseconds."""

    #: time of the base from which the booked sum and the server's total are compared
    base_ms: int | None
    #: time of the last answer that stated a total
    stated_ms: int | None


NO_STANDING = Standing(base_ms=None, stated_ms=None)


def with_answer_times(
    standings: Mapping[str, Standing], stated_at: Mapping[str, float | None], *, now: float, now_ms: int
) -> dict[str, Standing]:
    """The standings, updated by the totals in receipts and heartbeats, whose times are in no row.

    `stated_at` has monotonic seconds by miner id, None if no total was stated since the start. `now` and `now_ms` are
    the same moment by both clocks.
    """
    known = dict(standings)
    for miner_id, at in stated_at.items():
        if at is not None:
            known[miner_id] = replace(known.get(miner_id, NO_STANDING), stated_ms=now_ms - int((now - at) * 1000))
    return known
