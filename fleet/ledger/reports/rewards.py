"""A farm's rewards by miner, tag, job type or time, from hundreds of exact sums instead of millions of entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.calendar import HOUR_MS, Calendar, hour_name, month_name, week_name
from fleet.domain.miner_names import IdHider
from fleet.ledger.reports.dated_sums import DatedSum, dated_sums
from fleet.ledger.storage.places import LedgerPlace
from fleet.money.readable import reading_order


@dataclass(frozen=True, kw_only=True, slots=True)
class Reward:
    """One group of payments."""

    server: str
    #: miner, its tags, job type, host, hour, day, week or month
    group: str
    #: the miner's id, for a grouping by miner; else ""
    miner_id: str
    payments: int
    #: payments whose answer was lost, booked at the job's stated reward
    unconfirmed: int
    jobs_nnet: Decimal
    heartbeats_nnet: Decimal
    adjustments_nnet: Decimal

    @property
    def total_nnet(self) -> Decimal:
        """The whole group's sum."""
        return self.jobs_nnet + self.heartbeats_nnet + self.adjustments_nnet


class _Context(NamedTuple):
    """What a row's group depends on."""

    #: miner id → its tags
    tags: Mapping[str, str]
    hide: Callable[[str], str]
    calendar: Calendar
    #: the calendar's day of a moment in UTC milliseconds
    day: Callable[[int], date]


#: functions that give a row's group, by the grouping's name
GROUPINGS: dict[str, Callable[[DatedSum, _Context], str]] = {
    "miner": lambda row, _: row.miner,
    "tag": lambda row, by: by.tags.get(row.miner_id) or "untagged",
    "type": lambda row, by: by.hide(row.job_type) or row.kind,
    "hour": lambda row, by: hour_name(by.calendar.local(row.at_ms // HOUR_MS * HOUR_MS)),
    "day": lambda row, by: by.day(row.at_ms).isoformat(),
    "week": lambda row, by: week_name(by.day(row.at_ms)),
    "month": lambda row, by: month_name(by.day(row.at_ms)),
}
#: the first and the last day of a period, None for no bound
Days = tuple[date | None, date | None]
#: groupings by the clock
BY_TIME = ("hour", "day", "week", "month")


def rewards_by(
    place: LedgerPlace,
    grouping: str,
    tags: Mapping[str, str] | None = None,
    calendar: Calendar | None = None,
    days: Days = (None, None),
) -> list[Reward]:
    """Rewards at all servers by a key of `GROUPINGS`, in order of server and group: all of them, or those of `days`.

    `days` are the first and the last, both included. Days, weeks and months are the calendar's, UTC by default; hours
    are those of UTC, whose start is shown in the calendar's time. Job types are the server's words, with miners' ids
    replaced by names. `tags` maps a miner's id to its tags. Raises LedgerError when the ledger can't be read.
    """
    calendar, within = calendar or Calendar(), days != (None, None)
    rows = dated_sums(place, calendar if within or grouping in BY_TIME[1:] else None)
    hide, day = cache(IdHider({row.miner_id: row.miner for row in rows})), cache(calendar.day)
    if within:
        first, last = days[0] or date.min, days[1] or date.max
        rows = [row for row in rows if first <= day(row.at_ms) <= last]
    context, group_of = _Context(tags or {}, hide, calendar, day), GROUPINGS[grouping]
    groups: dict[tuple[str, str], list[DatedSum]] = defaultdict(list)
    for row in rows:
        groups[row.server, group_of(row, context)].append(row)
    by_miner = grouping == "miner"
    return [
        _reward(server, group, members, members[0].miner_id if by_miner else "")
        for (server, group), members in sorted(groups.items(), key=lambda item: (item[0][0], reading_order(item[0][1])))
    ]


def _reward(server: str, group: str, rows: list[DatedSum], miner_id: str) -> Reward:
    def of(kind: EntryKind) -> Decimal:
        return sum((row.amount for row in rows if row.kind == kind.value), ZERO)

    return Reward(
        server=server,
        group=group,
        miner_id=miner_id,
        payments=sum(row.payments for row in rows),
        unconfirmed=sum(row.unconfirmed for row in rows),
        jobs_nnet=of(EntryKind.JOB),
        heartbeats_nnet=of(EntryKind.HEARTBEAT),
        adjustments_nnet=of(EntryKind.ADJUSTMENT),
    )
