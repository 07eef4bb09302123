"""How the reward of a job depends on the number of miners that share it, fitted to what was seen. Pure.

Releases pay `weight * clamp(budget / active, floor, cap)` a job, or a fixed amount (docs/protocol-notes.md). A server
that never states the number of active miners still shows it: while neither bound applies, 1 / level rises linearly
with our own sessions. The slope is 1 / budget, and minus the zero of the line is the number of strangers.

One file: each way to fit the rule competes with the others by its cost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fleet.domain.answers import RewardTerms
from fleet.earning.samples import Level

#: least improvement of the squared errors that justifies a further parameter
_PRICE_OF_A_PARAMETER = 6.0
#: most levels that are fitted
_MOST_LEVELS = 24
#: relative width within which a level counts as one of the bounds
_AT_BOUND = 0.02
#: relative uncertainty of a level at a number of sessions that was never tried, where nothing explains the levels
_UNTRIED = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharing:
    """The level of rewards by the number of our own sessions."""

    #: budget in the unit of the levels; None where no number of sessions changed the level
    budget: float | None = None
    #: active miners that are not ours; None if not known
    strangers: float | None = None
    floor: float = 0.0
    cap: float = math.inf
    #: smallest and largest number of own sessions that was tried
    tried: tuple[int, int] = (0, 0)
    #: relative standard error of the levels
    error: float = _UNTRIED
    #: the level while nothing explains it
    flat: float = 0.0
    #: whether the server stated the budget and its bounds
    stated: bool = False

    @property
    def known(self) -> bool:
        """Whether the effect of another session on the level is known."""
        return self.budget is not None and self.strangers is not None

    def level(self, own: float) -> float:
        """The level with `own` sessions."""
        if self.budget is None or self.strangers is None:
            return self.flat
        return min(max(self.budget / max(own + self.strangers, 1.0), self.floor), self.cap)

    def error_at(self, own: float) -> float:
        """Relative standard error of the level with `own` sessions."""
        least, most = self.tried
        if self.known or least <= own <= most:
            return self.error
        return _UNTRIED

    def with_level(self, level: Level) -> Sharing:
        """The same rule after other miners came or went, adjusted to the newly observed `level`."""
        if self.budget is None:
            return replace(self, flat=level.value, tried=(level.own, level.own))
        if level.strangers is not None:
            return replace(self, strangers=level.strangers)
        if level.value >= self.cap * (1 - _AT_BOUND):
            most = max(self.budget / self.cap - level.own, 0.0)
            return replace(self, strangers=min(self.strangers or 0.0, most))
        if level.value <= self.floor * (1 + _AT_BOUND):
            least = max(self.budget / self.floor - level.own, 0.0)
            return replace(self, strangers=max(self.strangers or 0.0, least))
        return replace(self, strangers=max(self.budget / level.value - level.own, 0.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fit:
    sharing: Sharing
    cost: float


def fitted(levels: Sequence[Level], learnt: Sharing | None = None) -> Sharing:
    """The rule that explains the levels with the fewest parameters.

    A rule that was `learnt` before other miners came or went needs but one: their number.
    """
    some = sorted(levels, key=lambda level: -level.jobs)[:_MOST_LEVELS]
    some.sort(key=lambda level: (level.own, level.active or 0.0))
    if not some:
        return Sharing()
    tried = (some[0].own, some[-1].own)
    fits = [_flat(some)]
    for capped in range(len(some)):
        fits += [fit for floored in range(len(some) - capped) if (fit := _shared(some, capped, floored)) is not None]
    if learnt is not None and (kept := _kept(some, learnt)) is not None:
        fits.append(kept)
    best = min(fits, key=lambda fit: fit.cost).sharing
    return replace(best, tried=tried)


def by_terms(terms: RewardTerms, levels: Sequence[Level], strangers: float | None = None) -> Sharing | None:
    """The stated rule in the unit of the levels; None if it does not explain them, or the other miners are not counted.

    `strangers` is how many active miners are not ours, for levels whose jobs don't state it.
    """
    others = {level: strangers if level.strangers is None else level.strangers for level in levels}
    known = [level for level in levels if others[level] is not None]
    if not known:
        return None
    newest = known[-1]
    pays = [terms.share(level.own + (others[level] or 0.0)) for level in known]
    units = [level.value / paid for level, paid in zip(known, pays, strict=True) if paid > 0]
    if not units:
        return None
    weight = [1 / level.error**2 for level in known]
    unit = sum(one * much for one, much in zip(units, weight, strict=False)) / sum(weight)
    if any(abs(one / unit - 1) > 0.05 + 4 * level.error for one, level in zip(units, known, strict=False)):
        return None
    return Sharing(
        budget=terms.budget * unit,
        floor=terms.floor * unit,
        cap=terms.cap * unit,
        strangers=others[newest],
        tried=(min(level.own for level in levels), max(level.own for level in levels)),
        error=newest.error,
        stated=True,
    )


def _weighted(levels: Sequence[Level]) -> float:
    weights = [1 / (level.value * level.error) ** 2 for level in levels]
    return sum(level.value * weight for level, weight in zip(levels, weights, strict=True)) / sum(weights)


def _flat(levels: Sequence[Level]) -> _Fit:
    mean = _weighted(levels)
    cost = sum(((level.value - mean) / (level.value * level.error)) ** 2 for level in levels)
    return _Fit(sharing=Sharing(flat=mean, error=_error(levels)), cost=cost + _PRICE_OF_A_PARAMETER)


def _kept(levels: Sequence[Level], learnt: Sharing) -> _Fit | None:
    """The learnt rule with the number of strangers that fits best; None if no level is between its bounds."""
    if learnt.budget is None:
        return None
    between = [
        level
        for level in levels
        if learnt.floor * (1 + _AT_BOUND) < level.value < learnt.cap * (1 - _AT_BOUND) and level.strangers is None
    ]
    if not between:
        return None
    # the error of 1 / level is that of the level
    weights = [(level.value / level.error) ** 2 for level in between]
    counts = [learnt.budget / level.value - level.own for level in between]
    strangers = sum(one * weight for one, weight in zip(counts, weights, strict=True)) / sum(weights)
    fit = replace(learnt, strangers=max(strangers, 0.0), error=_error(levels), stated=False)
    cost = sum(((fit.level(level.own) - level.value) / (level.value * level.error)) ** 2 for level in levels)
    return _Fit(sharing=fit, cost=cost + _PRICE_OF_A_PARAMETER)


def _shared(levels: Sequence[Level], capped: int, floored: int) -> _Fit | None:
    """A fit in which the first `capped` levels are at the cap and the last `floored` at the floor."""
    end = len(levels) - floored
    middle = levels[capped:end]
    if capped and len(middle) == 1:
        # only one level is below the cap: use the last capped one as the other end of the line
        middle = levels[capped - 1 : end]
    line = _line(middle)
    if line is None:
        return None
    budget, strangers = line
    cap = _weighted(levels[:capped]) if capped else math.inf
    floor = _weighted(levels[end:]) if floored else 0.0
    if floor > cap:
        return None
    fit = Sharing(budget=budget, strangers=strangers, floor=floor, cap=cap, error=_error(levels))
    cost = 0.0
    for level in levels:
        here = fit if level.strangers is None else replace(fit, strangers=level.strangers)
        cost += ((here.level(level.own) - level.value) / (level.value * level.error)) ** 2
    parameters = 2 + (capped > 0) + (floored > 0)
    if levels[-1].strangers is not None:
        fit = replace(fit, strangers=levels[-1].strangers)
    return _Fit(sharing=fit, cost=cost + _PRICE_OF_A_PARAMETER * parameters)


def _line(levels: Sequence[Level]) -> tuple[float, float] | None:
    """Budget and strangers by the line of 1 / level over the sessions; None if the levels show no such line."""
    stated = [level for level in levels if level.active is not None]
    if stated and len(stated) == len(levels):
        if len({level.active for level in stated}) < 2:
            return None
        weights = [1 / level.error**2 for level in stated]
        budgets = [level.value * (level.active or 1.0) for level in stated]
        budget = sum(one * weight for one, weight in zip(budgets, weights, strict=True)) / sum(weights)
        return budget, stated[-1].strangers or 0.0
    if len({level.own for level in levels}) < 2:
        return None
    weights = [(level.value / level.error) ** 2 for level in levels]
    total = sum(weights)
    x_mean = sum(level.own * weight for level, weight in zip(levels, weights, strict=True)) / total
    y_mean = sum(weight / level.value for level, weight in zip(levels, weights, strict=True)) / total
    over = sum(
        weight * (level.own - x_mean) * (1 / level.value - y_mean)
        for level, weight in zip(levels, weights, strict=True)
    )
    under = sum(weight * (level.own - x_mean) ** 2 for level, weight in zip(levels, weights, strict=True))
    slope = over / under
    if slope <= 0 or slope * x_mean > y_mean * 1.05:
        # more sessions can't raise the rewards, and the number of strangers can't be negative
        return (x_mean / y_mean, 0.0) if slope > 0 else None
    return 1 / slope, max(y_mean / slope - x_mean, 0.0)


def _error(levels: Sequence[Level]) -> float:
    return min(level.error for level in levels)
