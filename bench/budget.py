"""Budget: the share of a server's unstated limit that the fleet uses, and its refusals and late heartbeats.

    python -m bench budget

The fleet is told of a limit ten times the server's and has to find the true one. It opens eight sessions first, and the
others once a refusal has shown the limit. Once all are open and the requests that opened them have left the window, the
following windows are measured. The possible number of jobs follows from the requests that heartbeats leave: two for
each job, and one for a job that came without a fetch.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.farms import Payment, surroundings
from bench.heartbeats import Watch
from bench.processes import side_by_side
from bench.rows import Bound, Row

MINERS = 100
#: how many times the server's limit the fleet is told
_TIMES = 10
#: how late a heartbeat may come without counting as late, in seconds
TOLERANCE_S = 1.0
#: seconds allowed for opening the sessions
_PATIENCE_S = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """A server's limit, and the number of windows that are measured."""

    requests: int
    window_s: float
    windows: int

    @property
    def words(self) -> str:
        """The limit as part of a row's name."""
        return f"{self.requests:,} / {self.window_s:g} s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a farm did at a limit."""

    limit: Limit
    #: refusals in the first window
    refused: int
    #: seconds that were measured, the payments in them, and the server's counts before and after
    seconds: float
    paid: Sequence[Payment]
    first: Mapping[str, Any]
    last: Mapping[str, Any]
    #: heartbeats since the first window, and those that were due in it
    watch: Watch


LIMITS = (
    Limit(requests=500, window_s=10.0, windows=3),
    Limit(requests=5000, window_s=60.0, windows=1),
)


def budget() -> list[Row]:
    """Measure each limit with a separate farm, all at the same time, since none of them fills a core."""
    with side_by_side() as pool:
        return [row for rows in pool.map(_measured, LIMITS) for row in rows]


def _measured(limit: Limit) -> list[Row]:
    with surroundings("--rate-limit", f"{limit.requests}/{limit.window_s:g}") as farm:
        worker = farm.start_worker()
        farm.wait_for_worker()
        coordinator = farm.start_coordinator(
            {
                "FLEET_BUDGET__REQUESTS": str(_TIMES * limit.requests),
                "FLEET_BUDGET__WINDOW_S": str(limit.window_s),
                "FLEET_MINERS": str(MINERS),
                "FLEET_MINER_PREFIX": "rig-",
            },
        )
        while not farm.asked("requests")["requests_total"]:
            time.sleep(0.01)
        time.sleep(limit.window_s)
        refused, watch = farm.asked("requests")["refused_429"], Watch(farm)
        _all_open(watch)
        time.sleep(limit.window_s)
        began_at, first = time.time(), farm.asked("requests")
        watch.look_for(limit.windows * limit.window_s)
        last, until = farm.asked("requests"), time.time()
        farm.drained(coordinator)
        worker.stop(5.0)
        paid = [one for one in farm.payments() if began_at <= one.at < until]
    return _rows(
        Seen(limit=limit, refused=refused, seconds=until - began_at, paid=paid, first=first, last=last, watch=watch)
    )


def _all_open(watch: Watch) -> None:
    """Wait until every miner has a session."""
    until = time.monotonic() + _PATIENCE_S
    while (count := watch.look()) < MINERS:
        if time.monotonic() > until:
            raise RuntimeError(f"only {count} of {MINERS} sessions were opened in {_PATIENCE_S:.0f} s")
        time.sleep(0.5)


def _rows(seen: Seen) -> list[Row]:
    refused = (seen.last["refused_429"] - seen.first["refused_429"]) / (seen.seconds / seen.limit.window_s)
    name = seen.limit.words
    return [
        Row(
            part="budget",
            name=f"{name}: jobs of what the limit allows",
            runs=[len(seen.paid) / _allowed(seen) * 100],
            unit="%",
            target=97.0,
            bound=Bound.AT_LEAST,
        ),
        Row(part="budget", name=f"{name}: refusals a window", runs=[refused], unit="", target=1.0),
        Row(part="budget", name=f"{name}: refusals in the first window", runs=[seen.refused], unit=""),
        _late_row(f"{name}: heartbeats late", seen.watch.late_s, target=0.0),
        # the first window's requests were all spent before the limit was known
        _late_row(f"{name}: heartbeats late that were due in the first window", seen.watch.late_before_s),
        Row(
            part="budget",
            name=f"{name}: a miner's share off the mean, beyond one job",
            runs=[_off_the_mean(seen.paid)],
            unit="%",
            target=10.0,
        ),
    ]


def _allowed(seen: Seen) -> float:
    """Number of jobs for which the limit has requests, after the heartbeats."""
    limit, first, last = seen.limit, seen.first, seen.last
    beats = last["heartbeats"] - first["heartbeats"]
    allowed = (limit.requests * seen.seconds / limit.window_s - beats + _free(last) - _free(first)) / 2
    # a job that is open at either end has its fetch on one side and its submission on the other
    return float(allowed + (_open(first) - _open(last)) / 2)


def _off_the_mean(paid: Sequence[Payment]) -> float:
    """How far the miner farthest from the mean is from it, in percent, without the one job that whole numbers cost."""
    per_miner = Counter(one.miner for one in paid)
    mean = len(paid) / MINERS
    most, least = max(per_miner.values()), min(per_miner.values()) if len(per_miner) == MINERS else 0
    # a share is a whole number of jobs, so a difference of one job is not unfair
    return max(0.0, max(most - mean, mean - least) - 1.0) / mean * 100


def _late_row(name: str, late_s: Sequence[float], target: float | None = None) -> Row:
    late = sum(one > TOLERANCE_S for one in late_s)
    return Row(part="budget", name=name, runs=[late], unit=f"of {len(late_s)}", target=target)


def _free(counts: Mapping[str, Any]) -> int:
    """Number of jobs so far that came without a fetch."""
    return sum(count for endpoint, count in counts["assigned"].items() if endpoint != "task")


def _open(counts: Mapping[str, Any]) -> int:
    """Number of jobs that are assigned and not accepted."""
    return int(counts["assigned_total"]) - int(counts["accepted"])
