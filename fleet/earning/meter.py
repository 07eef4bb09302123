"""Collects what a server states and what calls take, and makes the model of it. Pure; times are monotonic seconds.

One file: each observation changes the same counts, from which the model is made.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from decimal import Decimal

from fleet.domain.answers import RewardTerms
from fleet.earning.capacity import Capacity
from fleet.earning.compute import Compute
from fleet.earning.cycles import CycleTimes
from fleet.earning.model import Beats, IncomeModel
from fleet.earning.samples import Level, Sample, Weights, weights_of
from fleet.earning.sharing import Sharing, by_terms, fitted

#: number of jobs from which a sample keeps only its averages
_MOST_JOBS = 4_000
#: numbers of sessions whose samples are kept
_MOST_SAMPLES = 40
#: a level has changed if it differs by this fraction and by this many standard errors
_CHANGED, _CHANGED_ERRORS = 0.02, 5.0
#: jobs before a sample's level is compared with the one before
_ENOUGH_JOBS = 5
#: most recent heartbeats that count
_RECENT = 400
#: how far back paid jobs are counted, in seconds
_MEASURED_S = 120.0
#: seconds after which the rate of jobs is compared with the model's, and bounds of the ratio
_CALIBRATED_S, _LEAST_EFFICIENCY, _MOST_EFFICIENCY = 58, 0.1, 1.2
#: relative spread below which a level counts as unchanged
_STEADY = 0.05


class Meter:
    """Collects observations; `model` is the estimate from them."""

    def __init__(self, *, heartbeat_s: float) -> None:
        self._heartbeat_s = heartbeat_s
        self._samples: dict[int, Sample] = {}
        #: jobs since `look`, by number of sessions
        self._fresh: dict[int, Sample] = {}
        self._weights = Weights()
        self._sharing = Sharing()
        #: the rule that was learnt before the network last changed
        self._before = Sharing()
        #: the reward rule that the server stated, and the active miners in that answer that are not ours
        self._terms: RewardTerms | None = None
        self._strangers: float | None = None
        self._cycles = CycleTimes()
        #: the last results of the workers
        self.compute = Compute()
        self._beats: deque[tuple[float, float]] = deque(maxlen=_RECENT)
        self._beat_jobs = [0.0, 0.0]
        #: NNET that heartbeats paid for reported jobs, and all paid jobs
        self._bonus, self._jobs = 0.0, 0
        self._requests_per_s = 0.0
        self._submissions = 0
        self._efficiency = 1.0
        #: paid jobs by second
        self._done: dict[int, int] = {}
        #: whether the rewards changed at the last look although our sessions did not
        self.shifted = False

    # -- observations ------------------------------------------------------------------------------------------------

    def priced(self, job_type: str, reward: Decimal, *, own: int, active: int | None = None) -> None:
        """A job was created while we had `own` sessions, and stated its reward in NNET."""
        if reward > 0:
            sample = self._fresh.get(own)
            if sample is None:
                sample = self._fresh[own] = Sample(own=own)
            sample.add(job_type, float(reward), active)

    def cycle(self, seconds: float, *, own: int, now: float, waited_s: float = 0.0) -> None:
        """A fetched job took `seconds` from its fetch to its receipt at `now`, without waits for the limit.

        It spent `waited_s` of these in the queue and on its way to a worker and back.
        """
        self._cycles.add(seconds, own=own, waited_s=waited_s, now=now)

    def away(self, waited_s: float) -> None:
        """A job of any kind spent `waited_s` seconds in the queue and on its way to a worker and back."""
        self._cycles.away(waited_s)

    def beat(self, reward: Decimal | None, *, own: int, free_job: bool) -> None:
        """A heartbeat was answered; `reward` is what it states to have paid, `free_job` whether a job came with it."""
        paid = 0.0 if reward is None else float(reward)
        self._beats.append((paid, self._sharing.level(own)))
        self._beat_jobs[0] += free_job
        self._beat_jobs[1] += 1

    def bonus(self, amount: Decimal) -> None:
        """A heartbeat was paid `amount` NNET for the jobs that it reported."""
        self._bonus += float(amount)

    def sent(self, *, submission: bool) -> None:
        """A request was sent."""
        self._submissions += submission

    def done(self, now: float) -> None:
        """A job was paid."""
        self._jobs += 1
        self._done[int(now)] = self._done.get(int(now), 0) + 1
        if len(self._done) > 2 * _MEASURED_S:
            del self._done[next(iter(self._done))]

    def limit(self, requests: float, window_s: float) -> None:
        """The limit that is believed now."""
        self._requests_per_s = requests / window_s

    def terms(self, terms: RewardTerms, *, strangers: float | None = None) -> None:
        """The server stated its reward rule, and perhaps how many active miners are not ours."""
        self._terms = terms
        self._strangers = self._strangers if strangers is None else strangers

    # -- what follows ------------------------------------------------------------------------------------------------

    def jobs_at(self, own: int) -> int:
        """Number of jobs priced at `own` sessions since the network last changed."""
        sample = self._samples.get(own)
        return 0 if sample is None else sample.count

    def look(self) -> None:
        """Include the fresh jobs. If rewards changed at the same number of sessions, other miners came or went."""
        self.shifted = False
        fresh, self._fresh = self._fresh, {}
        for own, sample in fresh.items():
            known = self._samples.get(own)
            if known is not None and self._differs(known, sample):
                self._shift(sample)
            elif known is None:
                self._samples[own] = sample
            else:
                known.merge(sample)
                _thin(known)
                # the last one is the newest
                self._samples[own] = self._samples.pop(own)
        while len(self._samples) > _MOST_SAMPLES:
            del self._samples[next(iter(self._samples))]
        if fresh:
            self._fit()

    def calibrate(self, own: int, since: float, now: float) -> None:
        """Compare the completed jobs with the model's, if `own` sessions have been open all the time since `since`."""
        since = max(since, now - _MEASURED_S)
        whole = range(int(since) + 1, int(now))
        expected = self._capacity().pace(own).jobs * len(whole)
        if len(whole) >= _CALIBRATED_S and expected >= _ENOUGH_JOBS:
            done = sum(self._done.get(second, 0) for second in whole)
            self._efficiency = min(max(done / expected, _LEAST_EFFICIENCY), _MOST_EFFICIENCY)

    def model(self) -> IncomeModel:
        """The estimated income of any number of sessions."""
        return IncomeModel(
            weights=self._weights,
            sharing=self._sharing,
            capacity=self._capacity(),
            beats=self._beats_pay(),
            efficiency=self._efficiency,
        )

    def _differs(self, known: Sample, fresh: Sample) -> bool:
        before, after = self._weights.level(known), self._weights.level(fresh)
        if before is None or after is None or fresh.count < _ENOUGH_JOBS:
            return False
        error = math.hypot(before.error, after.error)
        return abs(after.value / before.value - 1) > max(_CHANGED, _CHANGED_ERRORS * error)

    def _shift(self, sample: Sample) -> None:
        """Forget the levels from before the network changed, but keep the reward rule."""
        self.shifted = True
        if self._sharing.known:
            self._before = self._sharing
        level = self._weights.level(sample)
        self._samples = {sample.own: sample}
        if level is not None:
            self._sharing = self._sharing.with_level(level)

    def _fit(self) -> None:
        self._weights = self._rescaled(weights_of(self._samples.values()))
        levels = self._levels()
        if not levels:
            return
        sharing = by_terms(self._terms, levels, self._strangers) if self._terms is not None else None
        if sharing is None:
            sharing = fitted(levels, self._before)
            if not sharing.known and self._sharing.known:
                # the rule was learnt before others came or went
                sharing = replace(self._sharing.with_level(levels[-1]), tried=sharing.tried, error=levels[-1].error)
            elif sharing.known:
                sharing = self._bounded(sharing, max(level.value for level in levels))
        self._sharing = sharing

    def _bounded(self, sharing: Sharing, highest: float) -> Sharing:
        """The rule with the cap that was learnt before, unless a level is above it."""
        cap = self._sharing.cap
        return replace(sharing, cap=cap) if math.isinf(sharing.cap) and highest <= cap * (1 + _CHANGED) else sharing

    def _rescaled(self, new: Weights) -> Weights:
        """New weights in the unit of the old ones."""
        old = self._weights
        shared = [name for name in new.by_type if name in old.by_type]
        if not shared:
            return new
        unit = sum(old.by_type[name] for name in shared) / sum(new.by_type[name] for name in shared)
        merged = dict(old.by_type) | {name: weight * unit for name, weight in new.by_type.items()}
        return replace(new, by_type=merged, mean=new.mean * unit)

    def _levels(self) -> list[Level]:
        found = (self._weights.level(sample) for sample in self._samples.values())
        return [level for level in found if level is not None]

    def _capacity(self) -> Capacity:
        free, beats = self._beat_jobs
        free_per_beat, kernels = free / beats if beats else 0.0, self.compute.kernels
        cycle = self._cycles.cycle(kernel_s=kernels.value, free_per_s=free_per_beat / self._heartbeat_s)
        return Capacity(
            requests_per_s=self._requests_per_s,
            heartbeat_s=self._heartbeat_s,
            cycle_s=cycle.seconds,
            cycle_error=cycle.error,
            submissions_per_job=max(self._submissions / self._jobs, 1.0) if self._jobs >= _ENOUGH_JOBS else 1.0,
            free_per_beat=free_per_beat,
            workers_per_s=cycle.workers_per_s,
            queued_s=cycle.queued_s,
            kernel_s=kernels.value if kernels.count else None,
            kernels_s=self.compute.by_type,
        )

    def _beats_pay(self) -> Beats:
        """Whether heartbeats share the budget: then their pay divided by the level is the steadier figure.

        While the level has hardly changed, they are taken to share it: with a fixed pay, ever more miners would seem to
        earn more.
        """
        per_job = self._bonus / self._jobs if self._jobs else 0.0
        paid = [(one, level) for one, level in self._beats if one > 0 and level > 0]
        if not paid:
            return Beats(per_job=per_job)
        often = len(paid) / len(self._beats)
        fixed, shared = [one for one, _ in paid], [one / level for one, level in paid]
        if _spread(shared) < max(_spread(fixed) * 0.9, _STEADY):
            return Beats(shared=often * sum(shared) / len(shared), per_job=per_job)
        return Beats(fixed=often * sum(fixed) / len(fixed), per_job=per_job)


def _thin(sample: Sample) -> None:
    """Keep a sample's averages, with less weight beside newer jobs."""
    if sample.count <= _MOST_JOBS:
        return
    for tally in sample.tallies.values():
        half = (tally.count + 1) // 2
        tally.total *= half / tally.count
        tally.squares *= half / tally.count
        tally.count = half


def _spread(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) / mean if mean else math.inf
