"""What a figure counts: this run, the whole ledger, or the time since the server's totals are compared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from fleet.domain.amounts import ZERO, EntryKind


def stamp(ms: int | None) -> str | None:
    """A moment in UTC milliseconds as ISO 8601, to the second; None where there was none."""
    return None if ms is None else f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """One span of a ledger's life."""

    #: UTC milliseconds at which it begins; None where nothing was booked
    since_ms: int | None
    #: jobs by what became of them
    jobs: Mapping[str, int]
    #: NNET by kind of entry
    sums: Mapping[str, Decimal]

    @property
    def booked(self) -> Decimal:
        """All that was booked in it, in NNET."""
        return sum(self.sums.values(), ZERO)

    def stated(self) -> dict[str, object]:
        """Its figures for JSON."""
        return {
            "since": stamp(self.since_ms),
            "jobs": dict(self.jobs),
            "booked_nnet": self.booked,
            "jobs_nnet": self.sums.get(EntryKind.JOB.value, ZERO),
            "heartbeats_nnet": self.sums.get(EntryKind.HEARTBEAT.value, ZERO),
            "adjustments_nnet": self.sums.get(EntryKind.ADJUSTMENT.value, ZERO),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Scopes:
    """The three that the figures of a run have."""

    #: since the run's first start
    run: Scope
    #: everything at this server that the ledger holds
    ledger: Scope
    #: for this farm's miners, since the server's total of each was first seen, or began again
    since_base: Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """When a miner's server was asked and answered. UTC milliseconds."""

    #: the base from which its booked sum and its server's total are compared
    base_ms: int | None
    #: the last answer that stated a total
    stated_ms: int | None


NO_STANDING = Standing(base_ms=None, stated_ms=None)


def heard(
    standings: Mapping[str, Standing], stated_at: Mapping[str, float | None], *, now: float, now_ms: int
) -> dict[str, Standing]:
    """Standings with the last totals that receipts and heartbeats stated, too, which no row keeps the time of.

    `stated_at` has monotonic seconds by miner id, None where none was stated in this life; `now` and `now_ms` are the
    same moment by both clocks.
    """
    known = dict(standings)
    for miner_id, at in stated_at.items():
        if at is not None:
            known[miner_id] = replace(known.get(miner_id, NO_STANDING), stated_ms=now_ms - int((now - at) * 1000))
    return known
