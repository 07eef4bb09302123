"""What a farm earned over time, as series of equal steps for a plot, from its ledger: a restart loses none of it.

Steps below an hour are read from the entries, which takes about 6 s a million; steps of whole hours come from the
ledger's sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import HOUR_MS
from fleet.ledger.reports.history import MINUTE_MS, Paid, Shown, host_hours, hours, minutes
from fleet.ledger.storage.places import LedgerPlace
from fleet.money.scopes import stamp
from fleet.status.tallies import OTHER

#: most steps of a history: twelve days by minute, two years by hour
MOST_STEPS = 17_568

#: name of a grouping → the part of a payment that names its series
BY: Mapping[str, Callable[[Paid], str]] = {
    "miner": lambda row: row.miner,
    "type": lambda row: row.job_type,
    "host": lambda row: row.host,
    "server": lambda row: row.server,
    "farm": lambda _: "farm",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One line of a plot."""

    #: a miner's name, a job type, a host, a server's name in the ledger, or `farm`
    name: str
    #: NNET and paid jobs of each step, oldest first
    nnet: tuple[Decimal, ...]
    jobs: tuple[int, ...]

    @property
    def total(self) -> Decimal:
        """NNET of all steps."""
        return sum(self.nnet, ZERO)


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What was booked in each step of a period. Steps without a payment are zero."""

    #: start of the first step, in UTC milliseconds, and length of each
    first_ms: int
    step_ms: int
    #: key of `BY`
    by: str
    #: the farm as a whole
    farm: Series
    #: one series for each name, those that earned most first; the names beyond the limit share one, `other`
    series: tuple[Series, ...]

    def stated(self) -> dict[str, Any]:
        """The history for JSON."""
        return {
            "from": stamp(self.first_ms),
            "step_s": self.step_ms // 1000,
            "by": self.by,
            "total_nnet": self.farm.total,
            "farm": _stated(self.farm),
            "series": [_stated(one) for one in self.series],
        }


def history(
    place: LedgerPlace,
    server: str | None,
    since_ms: int,
    until_ms: int,
    *,
    step_ms: int,
    by: str = "farm",
    most: int = 64,
    shown: Shown = lambda *_: None,
) -> History:
    """What was booked from `since_ms` to `until_ms`, both widened to whole steps of UTC.

    Of all servers if `server` is None. `step_ms` is whole minutes. `shown` gets how many entries are read, of how many.
    Raises ValueError for more than `MOST_STEPS` steps, and LedgerError when the ledger can't be read.
    """
    first, end = _steps(since_ms, until_ms, step_ms)
    accounts = None if server is None else (server,)
    unit_ms, rows, named = _read(place, accounts, range(first * step_ms, end * step_ms, step_ms), by, shown)
    farm, sums = _empty(), defaultdict[str, _Sums](_empty)
    for row in rows:
        _add(farm, row.at * unit_ms // step_ms - first, row)
    for row in named:
        _add(sums[BY[by](row)], row.at * unit_ms // step_ms - first, row)
    # what no host computed, such as the pay of heartbeats, is in the farm's series alone
    sums.pop("", None)
    return History(
        first_ms=first * step_ms,
        step_ms=step_ms,
        by=by,
        farm=_series("farm", farm, end - first),
        series=tuple(_series(name, found, end - first) for name, found in _largest(sums, most)),
    )


def _steps(since_ms: int, until_ms: int, step_ms: int) -> tuple[int, int]:
    first, end = since_ms // step_ms, -(-until_ms // step_ms)
    if step_ms <= 0 or step_ms % MINUTE_MS or not 0 < end - first <= MOST_STEPS:
        raise ValueError(f"{end - first} steps of {step_ms} ms: at most {MOST_STEPS} steps of whole minutes")
    return first, end


#: jobs and NNET by number of the step
_Sums = dict[int, tuple[int, Decimal]]


def _read(
    place: LedgerPlace, accounts: Collection[str] | None, steps: range, by: str, shown: Shown
) -> tuple[int, list[Paid], list[Paid]]:
    """The length of a row's time in milliseconds, the rows of the farm, and those of its series."""
    if steps.step % HOUR_MS:
        rows = minutes(place, accounts, steps.start, steps.stop, shown)
        return MINUTE_MS, rows, rows
    span = (steps.start // HOUR_MS, steps.stop // HOUR_MS)
    rows = hours(place, accounts, *span)
    return HOUR_MS, rows, host_hours(place, accounts, *span) if by == "host" else rows


def _empty() -> _Sums:
    return defaultdict(lambda: (0, ZERO))


def _add(sums: _Sums, step: int, row: Paid) -> None:
    jobs, amount = sums[step]
    sums[step] = (jobs + row.jobs, amount + row.amount)


def _largest(sums: Mapping[str, _Sums], most: int) -> list[tuple[str, _Sums]]:
    """The `most` largest sums by name, and the rest as one."""
    ordered = sorted(sums.items(), key=lambda item: (-sum((amount for _, amount in item[1].values()), ZERO), item[0]))
    rest = _empty()
    for _, found in ordered[most:]:
        for step, (jobs, amount) in found.items():
            rest[step] = (rest[step][0] + jobs, rest[step][1] + amount)
    return ordered[:most] + ([(OTHER, rest)] if rest else [])


def _series(name: str, sums: _Sums, steps: int) -> Series:
    rows = [sums.get(step, (0, ZERO)) for step in range(steps)]
    return Series(name=name, nnet=tuple(amount for _, amount in rows), jobs=tuple(jobs for jobs, _ in rows))


def _stated(one: Series) -> dict[str, Any]:
    return {"name": one.name, "total_nnet": one.total, "nnet": one.nnet, "jobs": one.jobs}
