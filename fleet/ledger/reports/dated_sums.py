"""The ledger's exact sums by hour, with those hours split in which a day of a time zone begins."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from fleet.domain.amounts import EntryKind
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.ledger.reports.entry_range import entry_range
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace

#: an hour since 1970 beyond all real ones
EVER = 1_000_000_000
_SUMS = """
    SELECT servers.name, miners.name, miners.miner_id, kind, job_type, hour, payments, unconfirmed, amount
    FROM sums JOIN miners ON miners.id = sums.miner JOIN servers ON servers.id = miners.server
    WHERE hour >= {first} AND hour < {end}
"""
#: a confirmation pays nothing, and is in no sum
_ENTRIES = f"""
    SELECT servers.name, miners.name, miners.miner_id, kind, job_type, booked_at,
           NOT confirmed AND settled_by IS NULL, amount
    FROM entries JOIN miners ON miners.id = entries.miner JOIN servers ON servers.id = entries.server
    WHERE entries.id > {{low}} AND entries.id <= {{high}} AND booked_at / {HOUR_MS} IN ({{hours}})
      AND kind <> '{EntryKind.CONFIRMATION.value}'
"""  # noqa: S608 - constants


class DatedSum(NamedTuple):
    """Payments of one miner, of one kind and job type, within one hour and one day."""

    server: str
    miner: str
    miner_id: str
    kind: str
    #: as the server wrote it
    job_type: str
    #: a moment of the hour and of the day, in UTC milliseconds
    at_ms: int
    payments: int
    #: payments whose answer was lost, booked at the job's stated reward
    unconfirmed: int
    amount: Decimal


def dated_sums(place: LedgerPlace, calendar: Calendar | None = None, first: int = 0, end: int = EVER) -> list[DatedSum]:
    """All sums from the hour `first` to before `end` (hours since 1970 UTC).

    With a calendar each belongs to one of its days: an hour of two days, which +05:30 has, is read from the entries.
    Raises LedgerError when the ledger can't be read.
    """
    rows = [
        DatedSum._make((*names, hour * HOUR_MS, payments, unconfirmed, Decimal(amount)))
        for *names, hour, payments, unconfirmed, amount in fetch_all(place, _SUMS.format(first=first, end=end))
    ]
    split = set() if calendar is None else {at for at in {row.at_ms for row in rows} if calendar.splits(at // HOUR_MS)}
    if calendar is None or not split:
        return rows
    return [row for row in rows if row.at_ms not in split] + _of_entries(place, calendar, sorted(split))


def _of_entries(place: LedgerPlace, calendar: Calendar, split: list[int]) -> list[DatedSum]:
    """The sums of some hours, given by their first moments, by day."""
    low, high = entry_range(place, split[0], split[-1] + HOUR_MS)
    hours = ", ".join(str(at // HOUR_MS) for at in split)
    found: dict[tuple[object, ...], DatedSum] = {}
    for *names, at, unsettled, amount in fetch_all(place, _ENTRIES.format(low=low, high=high, hours=hours)):
        one = DatedSum._make((*names, at, 1, int(unsettled), Decimal(amount)))
        key = (*names, at // HOUR_MS, calendar.day(at))
        known = found.get(key)
        found[key] = one if known is None else _added(known, one)
    return list(found.values())


def _added(one: DatedSum, other: DatedSum) -> DatedSum:
    return one._replace(
        payments=one.payments + other.payments,
        unconfirmed=one.unconfirmed + other.unconfirmed,
        amount=one.amount + other.amount,
    )
