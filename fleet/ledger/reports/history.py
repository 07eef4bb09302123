"""What was paid minute by minute and hour by hour, by miner, job type, host and server, from the ledger alone.

A coordinator that is killed loses none of it. Job types are the server's words, with miners' ids replaced by names.
One file: rows by minute and by hour have one form, and a period may need both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.domain.miner_names import IdHider
from fleet.ledger.reports.dated_sums import EVER, dated_sums
from fleet.ledger.reports.entry_range import entry_range
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from tasks.host.host_names import host_of

#: entries that are read at once
_PAGE = 50_000
_NAMES = "SELECT miners.id, miners.miner_id, miners.name FROM miners JOIN servers ON servers.id = miners.server"
_ENTRIES = """
    SELECT servers.name, entries.miner, kind, job_type, worker, amount, booked_at
    FROM entries JOIN servers ON servers.id = entries.server
    WHERE entries.id > {low} AND entries.id <= {high}
"""
_SUMS = """
    SELECT servers.name, sums.miner, kind, job_type, hour, payments, amount
    FROM sums JOIN miners ON miners.id = sums.miner JOIN servers ON servers.id = miners.server
    WHERE hour >= {first} AND hour < {end}
"""
_HOST_SUMS = """
    SELECT servers.name, host, job_type, hour, jobs, amount
    FROM host_sums JOIN servers ON servers.id = host_sums.server
    WHERE hour >= {first} AND hour < {end}
"""
_LOSSES = """
    SELECT servers.name, loss, hour, jobs, amount
    FROM losses JOIN miners ON miners.id = losses.miner JOIN servers ON servers.id = miners.server
    WHERE hour >= {first} AND hour < {end}
"""
MINUTE_MS = 60_000
_JOB = EntryKind.JOB.value
#: gets how much is done, of how much
Shown = Callable[[int, int], object]


class Paid(NamedTuple):
    """Payments of one miner for one job type, computed by one host, within one minute or hour."""

    #: minutes or hours since 1970 UTC
    at: int
    miner: str
    #: the job type, or the kind of entry where no job was paid
    job_type: str
    #: the host; "" where no job was paid, and for an hour's sums by miner
    host: str
    #: the server's name in the ledger
    server: str
    jobs: int
    amount: Decimal


#: jobs and NNET, by the other fields of `Paid`
MinuteSums = dict[tuple[int, str, str, str, str], tuple[int, Decimal]]


def minutes(
    place: LedgerPlace, accounts: Collection[str] | None, since_ms: int, until_ms: int, shown: Shown = lambda *_: None
) -> list[Paid]:
    """What was booked from `since_ms` to before `until_ms` (UTC milliseconds), by minute, oldest first.

    Of these servers' accounts, or of all if `accounts` is None. `shown` gets how many entries are read, of how many.
    Raises LedgerError when the ledger can't be read.
    """
    return rows_of(sums_of(place, accounts, entry_range(place, since_ms, until_ms), (since_ms, until_ms), shown))


def sums_of(
    place: LedgerPlace,
    accounts: Collection[str] | None,
    numbers: tuple[int, int],
    period: tuple[int, int],
    shown: Shown = lambda *_: None,
) -> MinuteSums:
    """Jobs and NNET of the entries above the first of two numbers up to the other, as far as booked within a period.

    The period's first moment belongs to it, its last one does not. Otherwise as `minutes`.
    """
    (low, high), (since_ms, until_ms) = numbers, period
    names, hide = _names(place)
    plain, host = cache(hide), cache(host_of)
    found: MinuteSums = {}
    for number, page in enumerate(_pages(place, low, high)):
        shown(min(number * _PAGE, high - low), high - low)
        for name, miner, kind, job_type, worker, amount, booked_at in page:
            if (accounts is None or name in accounts) and since_ms <= booked_at < until_ms:
                is_job = kind == _JOB
                key = (
                    booked_at // MINUTE_MS,
                    names[miner],
                    plain(job_type) or kind,
                    host(worker or "") if is_job else "",
                    name,
                )
                found[key] = plus(found.get(key), is_job, Decimal(amount))
    return found


def plus(known: tuple[int, Decimal] | None, jobs: int, amount: Decimal) -> tuple[int, Decimal]:
    """Jobs and NNET with more of both."""
    return (jobs, amount) if known is None else (known[0] + jobs, known[1] + amount)


def rows_of(sums: MinuteSums) -> list[Paid]:
    """A row for each sum, oldest first."""
    return sorted(Paid(*key, *row) for key, row in sums.items())


def hours(place: LedgerPlace, accounts: Collection[str] | None, first: int, end: int = EVER) -> list[Paid]:
    """What was booked from the hour `first` to before `end` (hours since 1970 UTC), oldest first; `host` is empty.

    Of these servers' accounts, or of all if `accounts` is None. Raises LedgerError when the ledger can't be read.
    """
    names, hide = _names(place)
    found: dict[tuple[int, str, str, str, str], tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    for name, miner, kind, job_type, hour, payments, amount in fetch_all(place, _SUMS.format(first=first, end=end)):
        if accounts is None or name in accounts:
            key = (hour, names[miner], hide(job_type) or kind, "", name)
            jobs, so_far = found[key]
            found[key] = (jobs + (payments if kind == EntryKind.JOB.value else 0), so_far + Decimal(amount))
    return sorted(Paid(*key, *row) for key, row in found.items())


def host_hours(place: LedgerPlace, accounts: Collection[str] | None, first: int, end: int = EVER) -> list[Paid]:
    """What each host's jobs were paid from the hour `first` to before `end`, oldest first; `miner` is empty.

    Of these servers' accounts, or of all if `accounts` is None. Raises LedgerError when the ledger can't be read.
    """
    _, hide = _names(place)
    found: dict[tuple[int, str, str, str, str], tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    for name, host, job_type, hour, jobs, amount in fetch_all(place, _HOST_SUMS.format(first=first, end=end)):
        if accounts is None or name in accounts:
            key = (hour, "", hide(job_type), host, name)
            known, so_far = found[key]
            found[key] = (known + jobs, so_far + Decimal(amount))
    return sorted(Paid(*key, *row) for key, row in found.items())


def minutes_and_hours(place: LedgerPlace, accounts: Collection[str] | None, since_ms: int, until_ms: int) -> list[Paid]:
    """What was booked from `since_ms` to before `until_ms`: each whole hour as if paid in its first minute.

    An hour that is only in part within these moments is read by minute. Raises LedgerError when the ledger can't be
    read.
    """
    first, end = -(-since_ms // HOUR_MS), until_ms // HOUR_MS
    if first > end:
        return minutes(place, accounts, since_ms, until_ms)
    found = [row._replace(at=row.at * HOUR_MS // MINUTE_MS) for row in hours(place, accounts, first, end)]
    for low_ms, high_ms in ((since_ms, first * HOUR_MS), (end * HOUR_MS, until_ms)):
        if low_ms < high_ms:
            found += minutes(place, accounts, low_ms, high_ms)
    return found


def day_by_miner(place: LedgerPlace, accounts: Collection[str], calendar: Calendar, day: date) -> dict[str, Decimal]:
    """NNET booked on a day of the calendar in these servers' accounts, by miner.

    Raises LedgerError when the ledger can't be read.
    """
    first_ms, end_ms = calendar.start_ms(day), calendar.start_ms(day + timedelta(days=1))
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in dated_sums(place, calendar, first_ms // HOUR_MS, -(-end_ms // HOUR_MS)):
        if row.server in accounts and calendar.day(row.at_ms) == day:
            sums[row.miner] += row.amount
    return dict(sums)


def losses_by_cause(
    place: LedgerPlace, accounts: Collection[str], first: int = 0, end: int = EVER
) -> dict[str, tuple[int, Decimal]]:
    """Number of lost jobs and NNET that was offered for them, by cause, from the hour `first` to before `end`.

    Of these servers' accounts. Raises LedgerError when the ledger can't be read.
    """
    found: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    for name, cause, _, jobs, amount in fetch_all(place, _LOSSES.format(first=first, end=end)):
        if name in accounts:
            number, so_far = found[cause]
            found[cause] = (number + jobs, so_far + Decimal(amount))
    return dict(found)


def _names(place: LedgerPlace) -> tuple[dict[int, str], IdHider]:
    rows = fetch_all(place, _NAMES)
    return {row: name for row, _, name in rows}, IdHider({miner_id: name for _, miner_id, name in rows})


def _pages(place: LedgerPlace, low: int, high: int) -> Iterator[list[tuple[str, int, str, str, str | None, str, int]]]:
    """The entries above number `low` up to `high`, a page at a time."""
    for first in range(low, high, _PAGE):
        yield fetch_all(place, _ENTRIES.format(low=first, high=min(first + _PAGE, high)))
