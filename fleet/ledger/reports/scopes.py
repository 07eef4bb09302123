"""Three sums of a ledger: all of it, its last run, and the part that is compared with the servers' totals."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.run_ids import run_of
from fleet.ledger.storage.places import LedgerPlace
from fleet.money.scopes import stamp

_SUMS = "SELECT miners.server, sums.miner, sums.amount FROM sums JOIN miners ON miners.id = sums.miner"
_BASES = "SELECT id, base_booked, base_at FROM miners WHERE base_at IS NOT NULL"
#: a run at several servers has a row for each, at about the same time
_LAST_RUNS = (
    "SELECT run_id, server, started_at, sums FROM runs WHERE sums IS NOT NULL ORDER BY started_at DESC LIMIT 99"
)
#: with a condition on the server, without which SQLite reads all entries instead of its index
_FIRST = "SELECT min(booked_at) FROM entries WHERE server IN (SELECT id FROM servers) AND seq = 1"
_FIRST_RUN = "SELECT min(started_at) FROM runs"


@dataclass(frozen=True, kw_only=True, slots=True)
class BookedSince:
    """A sum and the moment from which it counts."""

    #: ISO 8601 in UTC; None where nothing was booked
    since: str | None
    #: NNET
    booked: Decimal

    def stated(self) -> dict[str, object]:
        """The figures for JSON."""
        return {"since": self.since, "booked_nnet": self.booked}


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerScopes:
    """The three sums of a whole ledger, over all servers and miners."""

    #: number of servers in the ledger
    servers: int
    ledger: BookedSince
    #: the last or current run; None where none is known
    run: BookedSince | None
    #: sum since each miner's base (server's total first seen or last started over); `since` is the oldest base
    since_base: BookedSince

    def stated(self) -> dict[str, object]:
        """The figures for JSON."""
        run = None if self.run is None else self.run.stated()
        return {"ledger": self.ledger.stated(), "run": run, "since_base": self.since_base.stated()}

    def lines(self, readable: Callable[[Decimal], str]) -> list[str]:
        """The figures for people, one line a sum; `readable` spells an amount."""
        run = self.run or BookedSince(since=None, booked=ZERO)
        everything = "the whole ledger" + (f", all {self.servers} servers" if self.servers > 1 else "")
        lines = [
            f"{name}: {readable(one.booked)} NNET booked" + (f" since {one.since}" if one.since else "")
            for name, one in ((everything, self.ledger), ("the last run", run))
        ]
        base = self.since_base
        oldest = f", the oldest base at {base.since}" if base.since else ""
        return [*lines, f"since each miner's base: {readable(base.booked)} NNET booked{oldest}"]


def scopes(place: LedgerPlace) -> LedgerScopes:
    """The three sums of a ledger. Raises LedgerError when it can't be read."""
    by_miner: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    by_server: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for server, miner, amount in fetch_all(place, _SUMS):
        by_miner[miner] += Decimal(amount)
        by_server[server] += Decimal(amount)
    bases = fetch_all(place, _BASES)
    since_base = sum((by_miner[miner] - Decimal(booked) for miner, booked, _ in bases), ZERO)
    first, first_run = fetch_all(place, _FIRST)[0][0], fetch_all(place, _FIRST_RUN)[0][0]
    if first is not None and first_run is not None:
        # the ledger is as old as its first run, whose first entry came a moment later
        first = min(first, first_run)
    return LedgerScopes(
        servers=len(by_server),
        ledger=BookedSince(since=stamp(first), booked=sum(by_server.values(), ZERO)),
        run=_last_run(place, by_server),
        since_base=BookedSince(since=stamp(min((at for *_, at in bases), default=None)), booked=since_base),
    )


def _last_run(place: LedgerPlace, by_server: defaultdict[int, Decimal]) -> BookedSince | None:
    found = fetch_all(place, _LAST_RUNS)
    if not found:
        return None
    rows = [row for row in found if run_of(row[0]) == run_of(found[0][0])]
    before = sum((Decimal(amount) for *_, sums in rows for amount in json.loads(sums).values()), ZERO)
    since = min(started_at for _, _, started_at, _ in rows)
    return BookedSince(since=stamp(since), booked=sum((by_server[server] for _, server, _, _ in rows), ZERO) - before)
