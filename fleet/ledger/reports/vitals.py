"""How fast a ledger grows, and which rate limit and ban its coordinators know of, for `fleet doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.stored_facts import read_ban_s, read_limit

#: shorter histories say nothing about a day
_LEAST_MS = 600_000
_DAY_MS = 86_400_000
#: each server's first entry, and the one before its newest 5,000, whose pace is taken for the ledger's
_PACE = (
    "SELECT e.server, e.seq, e.booked_at, c.seq FROM chains c CROSS JOIN entries e "
    "WHERE e.server = c.server AND e.seq IN (1, c.seq - 5000)"
)
_LIMITS = "SELECT s.name, m.value FROM meta m JOIN servers s ON m.name = 'rate_limit ' || s.id ORDER BY s.id"

_BANS = "SELECT s.name, m.value FROM meta m JOIN servers s ON m.name = 'ban ' || s.id"


@dataclass(frozen=True, kw_only=True, slots=True)
class LearntLimit:
    """What refusals of one server have shown of its rate limit."""

    #: the server's name in the ledger
    server: str
    requests: float
    window_s: float
    #: UTC milliseconds
    learnt_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerVitals:
    """A ledger's size, pace and learnt limits."""

    entries: int
    #: entries a day at the pace of the newest ones; None for a ledger too young to tell
    entries_per_day: float | None
    limits: tuple[LearntLimit, ...]

    def growth_bytes_per_day(self, size_bytes: int) -> float | None:
        """How much a ledger of this size grows in a day, in bytes; None where unknown."""
        if self.entries_per_day is None or not self.entries:
            return None
        return size_bytes / self.entries * self.entries_per_day


def vitals(place: LedgerPlace, now_ms: int) -> LedgerVitals:
    """The vitals of a ledger, in few reads by index. Raises LedgerError as `fetch_all` does."""
    # server → its entries, and number and time of an entry from which on the pace is taken: the latest that was read
    chains: dict[int, tuple[int, int, int]] = {}
    for server, seq, booked_at, last in sorted(fetch_all(place, _PACE)):
        chains[server] = (last, seq, booked_at)
    paces = [
        (last - seq + 1) / (now_ms - booked_at) * _DAY_MS
        for last, seq, booked_at in chains.values()
        if now_ms - booked_at >= _LEAST_MS
    ]
    return LedgerVitals(
        entries=sum(last for last, _, _ in chains.values()),
        entries_per_day=sum(paces) if paces else None,
        limits=_limits(place),
    )


def ban_left_s(place: LedgerPlace, server: str, now_ms: int) -> float:
    """Seconds for which a server, by its name in the ledger, still refuses all calls; 0 without a ban.

    Raises LedgerError as `fetch_all` does.
    """
    left = (read_ban_s(value, now_ms) for name, value in fetch_all(place, _BANS) if name == server)
    return next(left, None) or 0.0


def _limits(place: LedgerPlace) -> tuple[LearntLimit, ...]:
    kept = ((str(server), read_limit(value)) for server, value in fetch_all(place, _LIMITS))
    return tuple(LearntLimit(server=server, **limit._asdict()) for server, limit in kept if limit is not None)
