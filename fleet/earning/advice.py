"""What another number of miners, another worker, host or address would earn, by the model of the income. Pure.

Figures are estimates in NNET a day. They are never booked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from fleet.earning.capacity import Pace
from fleet.earning.model import Income, IncomeModel

_DAY_S = 86_400.0
_DAY_MINUTES = 1_440.0
_HOUR_S = 3_600.0
#: no number of miners above this is compared
_MOST_MINERS = 10_000
#: fraction by which another number of miners must earn more to be recommended
_WORTH_IT = 0.02
#: a gain below this many standard errors is not recommended
_SURE = 2.0
#: incomes that differ by less than this share are the same
_ALIKE = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """What the farm earns a day, as it is or after a change."""

    what: str
    miners: int
    #: NNET a day; None if no measurement shows it
    income: float | None = None
    #: difference from the farm as it is; None likewise
    change: float | None = None
    #: standard error of `change`, or of the income of the farm as it is; None likewise
    error: float | None = None
    #: hours a day that one core computes; None until a kernel was timed
    core_hours: float | None = None
    #: NNET of a mean job; None likewise
    per_job: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """The income of the farm as it is, and of the changes that its owner could make."""

    now: Option
    #: the number of miners that earns the most, as far as is known
    best: Option
    #: further changes
    others: tuple[Option, ...] = ()
    #: what could not be learnt, in words
    unknown: tuple[str, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether another number of miners earns more by more than the uncertainty."""
        gain = self.best.change or 0.0
        worth_it = max(_WORTH_IT * (self.now.income or 0.0), _SURE * (self.best.error or 0.0))
        return self.best.miners != self.now.miners and gain > worth_it

    @property
    def _why_fewer(self) -> str:
        times = (self.best.per_job or 0.0) / (self.now.per_job or math.inf)
        return f"; jobs then pay {f'{times:,.1f}'.removesuffix('.0')} times as much" if times > 1 + _WORTH_IT else ""

    @property
    def sentence(self) -> str:
        """The advice in one line."""
        now, then = (figure((one.income or 0.0) / _DAY_MINUTES) for one in (self.now, self.best))
        miners = self.now.miners
        if not self.clear:
            word = "1 miner earns" if miners == 1 else f"{miners} miners earn"
            return f"{word} about {now} NNET a minute; no other number is known to earn more"
        more = self.best.miners - miners
        if more < 0:
            return f"close {-more} of {miners} miners: {now} → {then} NNET a minute{self._why_fewer}"
        word = "miner" if more == 1 else "miners"
        return f"open {more} more {word}, {self.best.miners} in all: {now} → {then} NNET a minute"


def advise(model: IncomeModel, own: int, *, hosts: int = 0) -> Advice | None:
    """Advice for a farm with `own` open sessions and `hosts` worker hosts, 0 if not known.

    None while the model can't estimate an income.
    """
    if not model.ready or own < 1:
        return None
    now = model.income(own)
    others = [_miners(model, now, "one miner more", own + 1)]
    if own > 1:
        others.insert(0, _miners(model, now, "one miner fewer", own - 1))
    others += [_worker(model, now), _host(model, now, hosts), _address(model, now)]
    return Advice(
        now=replace(_against(model, now, "as it is", now), error=now.error * now.total * _DAY_S),
        best=_against(model, now, "the best number", model.income(_best(model, own))),
        others=tuple(others),
        unknown=_unknown(model, hosts),
    )


def figure(amount: float) -> str:
    """An estimate with three or more significant digits."""
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:.3g}"


def _best(model: IncomeModel, own: int) -> int:
    """The best number of miners among those whose income is known."""
    if model.sharing.known:
        best = model.best(1, _MOST_MINERS)
    else:
        least, most = model.sharing.tried
        best = model.best(min(least, own) or own, max(most, own))
    alike = math.isclose(model.income(best).total, model.income(own).total, rel_tol=_ALIKE)
    return own if alike else best


def _miners(model: IncomeModel, now: Income, what: str, own: int) -> Option:
    """Another number of miners: unknown if it was never tried and nothing explains the rewards."""
    least, most = model.sharing.tried
    if not model.sharing.known and not least <= own <= most:
        return Option(what=what, miners=own)
    return _against(model, now, what, model.income(own))


def _worker(model: IncomeModel, now: Income) -> Option:
    """One more process that computes. It takes the short queue of workers that are not yet the bottleneck."""
    what, capacity = "one worker more", model.capacity
    if capacity.workers_per_s is None:
        return _without_queue(model, now, what)
    if not capacity.kernel_s:
        return Option(what=what, miners=now.own)
    return _with_workers(model, now, what, capacity.workers_per_s + 1 / capacity.kernel_s)


def _host(model: IncomeModel, now: Income, hosts: int) -> Option:
    """One more worker host, as fast as the others."""
    what, rate = "one host more", model.capacity.workers_per_s
    if rate is None:
        return _without_queue(model, now, what)
    if not hosts:
        return Option(what=what, miners=now.own)
    return _with_workers(model, now, what, rate * (hosts + 1) / hosts)


def _without_queue(model: IncomeModel, now: Income, what: str) -> Option:
    """No job waits for a process that is busy with another job. Nothing changes where none waits now."""
    cycle_s = model.capacity.cycle_s
    if cycle_s is None or not model.capacity.queued_s:
        return _against(model, now, what, now)
    sooner = replace(model, capacity=replace(model.capacity, cycle_s=cycle_s - model.capacity.queued_s))
    return _against(sooner, now, what, sooner.income(now.own))


def _with_workers(model: IncomeModel, now: Income, what: str, workers_per_s: float) -> Option:
    faster = replace(model, capacity=replace(model.capacity, workers_per_s=workers_per_s))
    return _against(faster, now, what, faster.income(now.own))


def _address(model: IncomeModel, now: Income) -> Option:
    """A second address with the same limit, and the number of miners that is best then."""
    twice = replace(model, capacity=replace(model.capacity, requests_per_s=2 * model.capacity.requests_per_s))
    return _against(twice, now, "another address", twice.income(_best(twice, now.own)))


def _against(model: IncomeModel, now: Income, what: str, then: Income) -> Option:
    """A change of the farm. An error that both incomes share counts only in proportion to their difference."""
    alike = math.isclose(then.total, now.total, rel_tol=_ALIKE)
    change = 0.0 if alike else then.total - now.total
    common = min(now.error, then.error)
    apart = [math.sqrt(max(one.error**2 - common**2, 0.0)) * one.total for one in (now, then)]
    error = math.hypot(common * change, *apart) if change else 0.0
    return Option(
        what=what,
        miners=then.own,
        income=then.total * _DAY_S,
        change=change * _DAY_S,
        error=error * _DAY_S,
        core_hours=_core_hours(model, then.pace),
        per_job=then.reward,
    )


def _core_hours(model: IncomeModel, pace: Pace) -> float | None:
    kernel_s = model.capacity.kernel_s
    return None if kernel_s is None else pace.jobs * model.efficiency * kernel_s * _DAY_S / _HOUR_S


def _unknown(model: IncomeModel, hosts: int) -> tuple[str, ...]:
    missing = list(model.unknown())
    if model.capacity.workers_per_s is None:
        missing.append("how fast the workers could compute: they were never the bottleneck")
    elif not hosts:
        missing.append("how many hosts compute: none computed a job lately")
    if model.capacity.kernel_s is None:
        missing.append("what a job costs in computing time: there is no result yet")
    return tuple(missing)
