"""Sums of the rewards that jobs stated, by the number of our sessions at the time. Pure.

A reward is the product of the type's weight and a *level* that all types share (docs/protocol-notes.md, 7). Neither is
stated by every release, so both are estimated together from the rewards by type and number of sessions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: rounds of the alternating estimate of weights and levels
_ROUNDS = 30
#: relative change of the levels at which the estimate has converged
_CONVERGED = 1e-9
#: smallest relative uncertainty of a level; servers round rewards to six digits
_LEAST_SPREAD = 0.002
#: relative spread of rewards within one type that is assumed until some were seen
_ASSUMED_SPREAD = 0.05
#: most recent values that a mean counts
_RECENT = 400
#: jobs from which the spread within a type is measured
_ENOUGH = 20


@dataclass(slots=True)
class Mean:
    """The mean of the most recent values, about `_RECENT` of them."""

    value: float = 0.0
    count: int = 0

    def add(self, one: float) -> None:
        """Add one value."""
        self.count = min(self.count + 1, _RECENT)
        self.value += (one - self.value) / self.count


@dataclass(kw_only=True, slots=True)
class Tally:
    """Count, sum and sum of squares of the rewards of one job type, in NNET."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, reward: float) -> None:
        """Add one reward."""
        self.count += 1
        self.total += reward
        self.squares += reward * reward


@dataclass(kw_only=True, slots=True)
class Sample:
    """The rewards of jobs that were created while we had `own` sessions."""

    own: int
    #: number of active miners that share the rewards, None if the server did not state it
    active: float | None = None
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of jobs."""
        return sum(tally.count for tally in self.tallies.values())

    def add(self, job_type: str, reward: float, active: int | None) -> None:
        """Add one job."""
        if active is not None:
            # the newest figure counts most: others come and go
            self.active = active if self.active is None else self.active + (active - self.active) / 4
        tally = self.tallies.get(job_type)
        if tally is None:
            tally = self.tallies[job_type] = Tally()
        tally.add(reward)

    def merge(self, other: Sample) -> None:
        """Add the jobs of another sample."""
        self.active = self.active if other.active is None else other.active
        for job_type, more in other.tallies.items():
            tally = self.tallies.setdefault(job_type, Tally())
            tally.count += more.count
            tally.total += more.total
            tally.squares += more.squares


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """The level of the rewards at a number of sessions, relative to the other levels."""

    own: int
    active: float | None
    value: float
    #: relative standard error of `value`
    error: float
    jobs: int

    @property
    def strangers(self) -> float | None:
        """Active miners that are not ours, as the server stated them; None if it did not."""
        return None if self.active is None else max(self.active - self.own, 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """The weights of job types, in NNET at level 1."""

    by_type: Mapping[str, float] = field(default_factory=dict)
    #: mean weight of a job as the server draws them
    mean: float = 0.0
    #: share of each type among the jobs that the server draws
    shares: Mapping[str, float] = field(default_factory=dict)
    #: relative standard error of `mean`
    error: float = 1.0
    #: relative spread of the rewards of one type at one level
    spread: float = _ASSUMED_SPREAD

    def level(self, sample: Sample) -> Level | None:
        """The level of a sample by these weights; None if no job of a known type is in it."""
        value = _level(sample, self.by_type)
        if not value:
            return None
        jobs = sum(tally.count for name, tally in sample.tallies.items() if self.by_type.get(name))
        error = max(self.spread / math.sqrt(jobs), _LEAST_SPREAD)
        return Level(own=sample.own, active=sample.active, value=value, error=error, jobs=jobs)


def weights_of(samples: Iterable[Sample]) -> Weights:
    """The weights by which all samples have a level, by alternating estimates; the largest sample has about level 1."""
    some = sorted((sample for sample in samples if sample.count), key=lambda sample: -sample.count)
    if not some:
        return Weights()
    levels = [0.0] * len(some)
    levels[0] = 1.0
    weights: dict[str, float] = {}
    for _ in range(_ROUNDS):
        weights = _weights(some, levels)
        before, levels = levels, [_level(sample, weights) for sample in some]
        if all(abs(new - old) <= _CONVERGED * new for new, old in zip(levels, before, strict=True)):
            break
    return _described(some, levels, weights)


def _weights(samples: list[Sample], levels: list[float]) -> dict[str, float]:
    sums: dict[str, list[float]] = {}
    for sample, level in zip(samples, levels, strict=True):
        if level:
            for name, tally in sample.tallies.items():
                both = sums.setdefault(name, [0.0, 0.0])
                both[0] += tally.total
                both[1] += tally.count * level
    return {name: total / expected for name, (total, expected) in sums.items() if expected}


def _level(sample: Sample, weights: Mapping[str, float]) -> float:
    """The level of a sample by these weights; zero if no job of a type with a weight is in it."""
    known = [(weights[name], tally) for name, tally in sample.tallies.items() if weights.get(name)]
    expected = sum(weight * tally.count for weight, tally in known)
    return sum(tally.total for _, tally in known) / expected if expected else 0.0


def _described(samples: list[Sample], levels: list[float], weights: dict[str, float]) -> Weights:
    counts: dict[str, int] = {}
    inside = scale = 0.0
    for sample, level in zip(samples, levels, strict=True):
        for name, tally in sample.tallies.items():
            counts[name] = counts.get(name, 0) + tally.count
            expected = weights.get(name, 0.0) * level
            if expected:
                inside += (tally.squares - 2 * expected * tally.total + tally.count * expected**2) / expected**2
                scale += tally.count
    jobs = sum(counts.values())
    mean = sum(weights.get(name, 0.0) * count for name, count in counts.items()) / jobs
    variance = sum((weights.get(name, 0.0) - mean) ** 2 * count for name, count in counts.items()) / jobs
    spread = math.sqrt(max(inside, 0.0) / scale) if scale >= _ENOUGH else _ASSUMED_SPREAD
    error = math.sqrt(variance / jobs) / mean if mean else 1.0
    shares = {name: count / jobs for name, count in counts.items()}
    uncertain = max(error, spread / math.sqrt(jobs))
    return Weights(by_type=weights, mean=mean, shares=shares, error=uncertain, spread=spread)
