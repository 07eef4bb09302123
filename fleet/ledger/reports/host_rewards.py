"""What each worker host's jobs were paid, and what no host computed, so that all groups add up to the ledger's sum."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple, TypeVar

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import HOUR_MS, Calendar
from fleet.ledger.reports.entry_range import entry_range
from fleet.ledger.reports.rewards import Days, Reward, rewards_by
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from fleet.money.readable import reading_order
from tasks.host.host_names import host_of

N = TypeVar("N", int, Decimal)
#: the group of heartbeats, adjustments, and jobs whose worker the ledger does not name
NO_HOST = "no host"
_SUMS = "SELECT servers.name, host, hour, jobs, amount FROM host_sums JOIN servers ON servers.id = host_sums.server"
_JOBS = f"kind = '{EntryKind.JOB.value}' AND worker <> ''"
_ENTRIES = f"""
    SELECT servers.name, worker, booked_at, amount FROM entries JOIN servers ON servers.id = entries.server
    WHERE entries.id > {{low}} AND entries.id <= {{high}} AND booked_at / {HOUR_MS} IN ({{hours}}) AND {_JOBS}
"""  # noqa: S608 - constants
_UNSETTLED = f"""
    SELECT servers.name, worker, booked_at FROM entries JOIN servers ON servers.id = entries.server
    WHERE NOT confirmed AND settled_by IS NULL AND {_JOBS}
"""  # noqa: S608 - constants


class _Work(NamedTuple):
    """Paid jobs of one host within one hour and one day."""

    server: str
    host: str
    #: a moment of the hour and of the day, in UTC milliseconds
    at_ms: int
    jobs: int
    amount: Decimal


def rewards_by_host(place: LedgerPlace, calendar: Calendar, days: Days = (None, None)) -> list[Reward]:
    """Rewards at all servers by host, in order of server and host: all of them, or those of `days`.

    Everything that no host computed is one group, the last one of its server. `days` are the first and the last day of
    the calendar, both included. Raises LedgerError when the ledger can't be read.
    """
    within = _within(calendar, days)
    work: dict[tuple[str, str], list[_Work]] = defaultdict(list)
    for one in _work(place, calendar, bounded=days != (None, None)):
        if within(one.at_ms):
            work[one.server, one.host].append(one)
    unsettled = Counter(
        (server, host_of(worker)) for server, worker, at_ms in fetch_all(place, _UNSETTLED) if within(at_ms)
    )
    rows = [_reward(server, host, several, unsettled[server, host]) for (server, host), several in work.items()]
    rows.sort(key=lambda row: (row.server, reading_order(row.group)))
    return [*_with_rest(rows, rewards_by(place, "miner", calendar=calendar, days=days))]


def _within(calendar: Calendar, days: Days) -> Callable[[int], bool]:
    if days == (None, None):
        return lambda _: True
    first, last, day = days[0] or date.min, days[1] or date.max, cache(calendar.day)
    return lambda at_ms: first <= day(at_ms) <= last


def _work(place: LedgerPlace, calendar: Calendar, *, bounded: bool) -> list[_Work]:
    """The sums by hour; hours in which a day begins, as half-hour zones have them, are read from the entries."""
    rows = [
        _Work(server, host, hour * HOUR_MS, jobs, Decimal(amount))
        for server, host, hour, jobs, amount in fetch_all(place, _SUMS)
    ]
    split = {at for at in {row.at_ms for row in rows} if calendar.splits(at // HOUR_MS)} if bounded else set()
    if not split:
        return rows
    low, high = entry_range(place, min(split), max(split) + HOUR_MS)
    hours = ", ".join(str(at // HOUR_MS) for at in sorted(split))
    return [row for row in rows if row.at_ms not in split] + [
        _Work(server, host_of(worker), at_ms, 1, Decimal(amount))
        for server, worker, at_ms, amount in fetch_all(place, _ENTRIES.format(low=low, high=high, hours=hours))
    ]


def _reward(server: str, host: str, work: list[_Work], unconfirmed: int) -> Reward:
    return Reward(
        server=server,
        group=host,
        miner_id="",
        payments=sum(one.jobs for one in work),
        unconfirmed=unconfirmed,
        jobs_nnet=sum((one.amount for one in work), ZERO),
        heartbeats_nnet=ZERO,
        adjustments_nnet=ZERO,
    )


def _with_rest(rows: list[Reward], by_miner: list[Reward]) -> Iterator[Reward]:
    """The hosts of each server, and then what its sum has beyond theirs, if there is anything."""
    for server in dict.fromkeys(row.server for row in by_miner):
        own, everything = ([row for row in several if row.server == server] for several in (rows, by_miner))
        yield from own
        rest = Reward(
            server=server,
            group=NO_HOST,
            miner_id="",
            payments=_more(everything, own, lambda row: row.payments),
            unconfirmed=_more(everything, own, lambda row: row.unconfirmed),
            jobs_nnet=_more(everything, own, lambda row: row.jobs_nnet),
            heartbeats_nnet=_more(everything, own, lambda row: row.heartbeats_nnet),
            adjustments_nnet=_more(everything, own, lambda row: row.adjustments_nnet),
        )
        if rest.payments or rest.total_nnet:
            yield rest


def _more(rows: list[Reward], others: list[Reward], figure: Callable[[Reward], N]) -> N:
    """By how much the sum of `rows` is larger than that of `others`."""
    zero: N = figure(rows[0]) * 0
    return sum(map(figure, rows), zero) - sum(map(figure, others), zero)
