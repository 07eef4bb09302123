"""When failed attempts are enough to give a job up, and how long to wait before the next one. Pure.

One host alone can't have a job given up while another one, which computes others, has not tried it.
"""

from __future__ import annotations

from collections.abc import Collection

from fleet.domain.jobs import JobState
from fleet.miner.job import Work

#: hosts that have to refuse a job, where there are so many: what one refuses another may take, whose bounds are wider
_REFUSERS = 2
#: times the usual number of attempts, after which a job is given up though some host has not tried it
_PATIENCE = 3
#: hosts that a message names at most
_MOST_AVOIDED = 16
#: seconds before the second attempt, doubled for each one after it
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


def untried(work: Work, able: Collection[str]) -> bool:
    """Whether one of the hosts that compute has not failed on this job."""
    return not work.failed_on.issuperset(able)


def given_up(work: Work, able: Collection[str], max_attempts: int) -> JobState | None:
    """The state in which a job whose attempt has failed ends, or None while another attempt may bring a result."""
    if work.refused_by and (len(work.refused_by) >= _REFUSERS or not untried(work, able)):
        return JobState.REJECTED
    enough = len(work.failed_on) >= max_attempts or not untried(work, able)
    if work.strikes >= (max_attempts if enough else max_attempts * _PATIENCE):
        return JobState.QUARANTINED
    return None


def avoided(work: Work, able: Collection[str]) -> tuple[str, ...]:
    """The hosts that should leave the next attempt to another one; none where there is no other."""
    return tuple(sorted(work.failed_on))[:_MOST_AVOIDED] if untried(work, able) else ()


def pause_s(strikes: int) -> float:
    """Seconds between a failure and the next attempt."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(max(strikes - 1, 0), 10), _LONGEST_PAUSE_S)
