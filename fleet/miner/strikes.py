"""Decides when failed attempts end a job, and how long to wait before the next attempt. Pure.

No single host can end a job while another working host has not tried it.
"""

from __future__ import annotations

from collections.abc import Collection

from fleet.domain.jobs import JobState
from fleet.miner.job import ActiveJob
from tasks.host.host_names import host_of

#: number of hosts that must refuse a job, if there are as many; another host may have wider bounds
_REFUSERS = 2
#: multiple of the usual attempts after which a job is given up even if some host has not tried it
_PATIENCE = 3
#: most hosts that a message names
_MOST_AVOIDED = 16
#: seconds before the second attempt, doubled for each further one, and the longest wait
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


def untried(failed_on: Collection[str], able: Collection[str]) -> bool:
    """Whether one of the `able` hosts, which compute other jobs, is not among those that failed on this one."""
    return not set(able) <= set(failed_on)


def given_up(active: ActiveJob, able: Collection[str], max_attempts: int) -> JobState | None:
    """The final state of a job after a failed attempt, or None while another attempt may bring a result."""
    if active.refused_by and (len(active.refused_by) >= _REFUSERS or not untried(active.failed_on, able)):
        return JobState.REJECTED
    # a worker names itself, and its host may be known by its key: names of one host count once
    failed, hosts = set(map(host_of, active.failed_on)), set(map(host_of, able))
    enough = len(failed) >= max_attempts or hosts <= failed
    if active.strikes >= (max_attempts if enough else max_attempts * _PATIENCE):
        return JobState.QUARANTINED
    return None


def avoided(active: ActiveJob) -> tuple[str, ...]:
    """Workers that should leave the next attempt to another host, if there is one: they failed, or have answered."""
    if not (active.failed_on or active.claims):
        return ()
    answered = {claim.message.worker for claim in active.claims}
    return tuple(sorted(active.failed_on | answered))[:_MOST_AVOIDED]


def pause_s(strikes: int) -> float:
    """Seconds to wait between a failure and the next attempt."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(max(strikes - 1, 0), 10), _LONGEST_PAUSE_S)
