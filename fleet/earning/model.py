"""The income of any number of miners, estimated from what the server stated, with its parts and its uncertainty. Pure.

Estimates are floats in NNET a second. Nothing here is ever booked: the ledger knows only what answers stated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from fleet.earning.capacity import Capacity, Pace
from fleet.earning.samples import Weights
from fleet.earning.sharing import Sharing

#: share of the highest income from which fewer sessions are preferred: they cost fewer requests
_AS_GOOD = 0.995
#: seconds of a worker that a job takes beside its kernel
_OVERHEAD_S = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class Beats:
    """What heartbeats pay, in NNET; zero where they pay nothing."""

    #: per heartbeat, whatever the number of miners
    fixed: float = 0.0
    #: per heartbeat and unit of the level that jobs share
    shared: float = 0.0
    #: per job that heartbeats report
    per_job: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Income:
    """The expected income of a number of sessions, in NNET a second."""

    own: int
    jobs: float
    beats: float
    #: relative standard error of the whole
    error: float
    pace: Pace
    #: NNET of a mean job
    reward: float

    @property
    def total(self) -> float:
        """Jobs and heartbeats."""
        return self.jobs + self.beats


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one more session changes, in NNET a second."""

    #: what the additional session earns itself
    earns: float
    #: what it takes from our other sessions, since each job pays less; negative or zero
    takes: float

    @property
    def total(self) -> float:
        """Both."""
        return self.earns + self.takes


@dataclass(frozen=True, kw_only=True, slots=True)
class IncomeModel:
    """The estimated income, by a server's pay and the farm's capacity."""

    weights: Weights
    sharing: Sharing
    capacity: Capacity
    beats: Beats = field(default_factory=Beats)
    #: measured jobs divided by the jobs that the model expects
    efficiency: float = 1.0

    @property
    def ready(self) -> bool:
        """Whether an income can be estimated at all."""
        return self.weights.mean > 0 and self.capacity.cycle_s is not None

    def income(self, own: int) -> Income:
        """The income of `own` sessions."""
        pace, level = self.capacity.pace(own), self.sharing.level(own)
        reward = self.weights.mean * level + self.beats.per_job
        jobs = pace.jobs * self.efficiency * reward
        beats = pace.beats * (self.beats.fixed + self.beats.shared * level)
        bound = self.capacity.cycle_s is not None and pace.fetched < own / self.capacity.cycle_s * 0.99
        rate_error = 0.01 if bound else self.capacity.cycle_error
        error = math.sqrt(self.weights.error**2 + self.sharing.error_at(own) ** 2 + rate_error**2)
        return Income(own=own, jobs=jobs, beats=beats, error=error, pace=pace, reward=reward)

    def step(self, own: int) -> Step:
        """What another session beside `own` changes."""
        before, after = self.income(own), self.income(own + 1)
        takes = before.jobs * (after.reward / before.reward - 1) if before.reward else 0.0
        level = self.sharing.level(own)
        lower = self.sharing.level(own + 1)
        takes += before.pace.beats * self.beats.shared * (lower - level)
        return Step(earns=after.total - before.total - takes, takes=takes)

    def free_job_worth(self, own: int) -> float:
        """NNET that a free job must state, while requests are short, to be worth those of its submission.

        The same requests would go to fetched jobs, which take one more each.
        """
        submissions, bonus = self.capacity.submissions_per_job, self.beats.per_job
        fetched = self.weights.mean * self.sharing.level(own) + bonus
        return max(submissions * fetched / (1 + submissions) - bonus, 0.0)

    def compute_worth(self, own: int) -> dict[str, float]:
        """NNET that a free job of each type must state, while workers are short, to be worth its time at a worker.

        The same time would go to fetched jobs, which come as the server draws them and can't be declined. Only types
        whose kernels were timed are listed, and none while the workers keep up.
        """
        shares, times = self.weights.shares, self.capacity.kernels_s
        timed = {name: seconds + _OVERHEAD_S for name, seconds in times.items() if name in shares}
        if not timed or not self.capacity.short_of_workers(own):
            return {}
        mean_s = sum(shares[name] * seconds for name, seconds in timed.items()) / sum(shares[name] for name in timed)
        bonus = self.beats.per_job
        fetched = self.weights.mean * self.sharing.level(own) + bonus
        return {name: max(fetched * seconds / mean_s - bonus, 0.0) for name, seconds in timed.items()}

    def best(self, least: int, most: int) -> int:
        """The number of sessions of `least` … `most` with the highest income; the smallest of those nearly as good."""
        most = max(min(most, self.capacity.most), least)
        totals = {own: self.income(own).total for own in candidates(least, most)}
        highest = max(totals.values())
        return min(own for own, total in totals.items() if total >= highest * _AS_GOOD)

    def unknown(self) -> tuple[str, ...]:
        """What could not be learnt so far, as phrases."""
        missing = []
        if not self.weights.by_type:
            missing.append("what jobs pay: no job was seen yet")
        if self.capacity.cycle_s is None:
            missing.append("how long a job takes: no job was finished yet")
        least, most = self.sharing.tried
        if self.weights.by_type and not self.sharing.known:
            seen = f"{least}" if least == most else f"{least} to {most}"
            missing.append(f"what another miner takes from the others: with {seen} of them, rewards did not change")
        elif self.sharing.known and not self.sharing.stated and math.isinf(self.sharing.cap) and least > 1:
            missing.append(f"whether a job's reward has an upper limit: fewer than {least} miners were never tried")
        return tuple(missing)


def candidates(least: int, most: int) -> list[int]:
    """Numbers of sessions to compare: all of them while they are few, then about 2 % apart."""
    found, own = [], least
    while own < most:
        found.append(own)
        own += max(1, own // 50)
    return [*found, most]
