"""Decides how many sessions to keep open, so that income is highest. A pure machine; times are monotonic seconds.

It opens sessions while the model expects more income, in steps that grow with their number, and closes some when fewer
earn more. A session that has just opened is not closed. If nothing shows what another session takes from the others,
it rarely tries a few more for half a minute, and reports that.

One file: every decision depends on when the last one was carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fleet.earning.meter import Meter
from fleet.earning.model import IncomeModel

#: seconds between two decisions
LOOK_EVERY_S = 2.0
#: seconds after a change before the next step up, and jobs that must have been priced since
_SETTLE_S, _SETTLE_JOBS = 6.0, 12
#: seconds after which a step is judged by as many jobs as there are
_PATIENCE_S = 45.0
#: seconds that a session stays open before it may be closed
_KEEP_S = 60.0
#: fraction by which income must rise before sessions are opened, and before some are closed
_GAIN_UP, _GAIN_DOWN = 0.005, 0.01
#: a step up opens at most this fraction of the open sessions
_STRIDE = 0.6
#: a step down closes at most this fraction
_STRIDE_DOWN = 0.5
#: seconds that a trial lasts, seconds between two trials, and fraction of sessions that one adds or closes
_TRIAL_S, _TRIAL_EVERY_S, _TRIAL_SHARE = 30.0, 1800.0, 0.125
#: seconds without a change after which a number of sessions that was asked for counts as out of reach
_UNREACHED_S = 60.0
#: relative change of the limit, of the network or of the target that is worth a line
_WORTH_A_LINE = 0.2


class Reason(StrEnum):
    """Why the number of sessions changes."""

    #: the model expects a higher income
    EARNS_MORE = "earns more"
    #: to learn what another session takes from the others
    TRIAL = "trial"
    #: the trial is over
    TRIAL_OVER = "trial over"
    #: the requested number of sessions was not reached for long
    UNREACHED = "unreached"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A new number of sessions, with lines for the operator."""

    target: int
    reason: Reason | None = None
    notices: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Trial:
    """A number of sessions that is tried for a while."""

    home: int
    until: float


class Controller:
    """Chooses between `least` sessions, which are never closed, and `most`.

    It begins with `target` sessions. Call `look` every `LOOK_EVERY_S`.
    """

    def __init__(self, meter: Meter, *, least: int, most: int, now: float) -> None:
        self._meter = meter
        self.least = max(least, 1)
        self.most = max(most, self.least)
        self.target = self.least
        self.model: IncomeModel = meter.model()
        #: NNET that trials have cost so far, according to the model
        self.explored_nnet = 0.0
        self._trial: _Trial | None = None
        self._next_trial_at = now
        #: when the last session opened, when the number of sessions last changed, and when it was last reviewed
        self._opened_at = now
        self._changed_at = now
        self._looked_at = now
        #: when the target last changed
        self._aimed_at = now
        #: whether the last decision was that this number is the best one
        self.at_rest = False
        self._open = 0
        self._limit = 0.0
        self._strangers: float | None = None

    def begin(self, sessions: int) -> None:
        """Start from this many sessions, which are open already."""
        self.target = min(max(sessions, self.least), self.most)

    def resume(self, now: float) -> None:
        """All sessions were closed for a while; the number of them is reviewed once it is reached again."""
        self._trial = None
        self._opened_at = self._changed_at = self._looked_at = self._aimed_at = now

    def reach(self, least: int, most: int) -> None:
        """Set new bounds, since some miners can't be opened, or can be opened again."""
        self.least = max(least, 1)
        self.most = max(most, self.least)
        self.target = min(max(self.target, self.least), self.most)

    def look(self, open_now: int, now: float, *, requests_per_minute: float) -> Decision:
        """Decide by what the meter has collected. `open_now` is the number of our sessions that the server counts."""
        self._meter.look()
        self.model = self._meter.model()
        notices = [*self._of_limit(requests_per_minute), *self._of_network()]
        elapsed_s, self._looked_at = now - self._looked_at, now
        if open_now != self._open:
            self._opened_at = now if open_now > self._open else self._opened_at
            self._open, self._changed_at = open_now, now
        else:
            self._meter.calibrate(open_now, self._changed_at, now)
        self._charge(elapsed_s)
        reason, self.at_rest, before = None, False, self.target
        if open_now == self.target:
            if self.model.ready:
                reason, notice = self._decide(now)
                notices += notice
        elif now - max(self._changed_at, self._aimed_at) >= _UNREACHED_S:
            reason, self._aimed_at = Reason.UNREACHED, now
        if self.target != before:
            self._aimed_at = now
        return Decision(target=self.target, reason=reason, notices=tuple(notices))

    def _decide(self, now: float) -> tuple[Reason | None, list[str]]:
        own, model = self._open, self.model
        if self._trial is not None:
            return self._in_trial(self._trial, now)
        settled_s = now - self._changed_at
        jobs = self._meter.jobs_at(own)
        if settled_s < _SETTLE_S or (jobs < _SETTLE_JOBS and settled_s < _PATIENCE_S):
            return None, []
        best = model.best(self.least, self.most)
        income = model.income(own).total
        gain = model.income(best).total / income - 1 if income else 1.0
        if best > own and gain > _GAIN_UP:
            self.target = min(best, own + max(1, int(own * _STRIDE)))
            return Reason.EARNS_MORE, []
        cheaper = best < own and (gain > _GAIN_DOWN or self._useless(best, own))
        if cheaper and now - self._opened_at >= _KEEP_S:
            self.target = max(best, own - max(1, int(own * _STRIDE_DOWN)))
            return Reason.EARNS_MORE, []
        if best == own or not cheaper:
            return self._maybe_try(now)
        return None, []

    def _useless(self, best: int, own: int) -> bool:
        """Whether the last sessions add nothing: the limit or the workers are used up without them."""
        return own - best >= max(2, own * _TRIAL_SHARE)

    def _maybe_try(self, now: float) -> tuple[Reason | None, list[str]]:
        own, sharing = self._open, self.model.sharing
        self.at_rest = True
        if sharing.known or now < self._next_trial_at or now - self._opened_at < _KEEP_S / 2:
            return None, []
        size = max(1, int(own * _TRIAL_SHARE))
        tried_least, tried_most = sharing.tried
        if own > self.least and tried_least >= own:
            trial = max(own - size, self.least)
        elif own < self.most and tried_most <= own and own > 1:
            trial = min(own + size, self.most)
        else:
            return None, []
        self.at_rest = False
        self._next_trial_at = now + _TRIAL_EVERY_S
        self._trial = _Trial(home=own, until=now + _TRIAL_S)
        self.target = trial
        return Reason.TRIAL, [
            f"{trial} miners instead of {own} for {_TRIAL_S:.0f} s, to learn how one more changes what the others earn"
        ]

    def _in_trial(self, trial: _Trial, now: float) -> tuple[Reason | None, list[str]]:
        if now < trial.until:
            return None, []
        self._trial = None
        self.target = trial.home
        return Reason.TRIAL_OVER, []

    def _charge(self, elapsed_s: float) -> None:
        """Add what the trial under way costs."""
        if self._trial is not None and self.model.ready:
            home, here = self.model.income(self._trial.home).total, self.model.income(self._open).total
            self.explored_nnet += max(home - here, 0.0) * elapsed_s

    def _of_limit(self, requests_per_minute: float) -> list[str]:
        before, now = self._limit, requests_per_minute
        if before and abs(now / before - 1) <= _WORTH_A_LINE:
            return []
        self._limit = now
        if not before:
            return []
        line = f"this address may send about {now:,.0f} requests a minute now, {before:,.0f} before"
        if now < before:
            line += ": the server changed its limit, or another program at this address uses the rest"
        return [line]

    def _of_network(self) -> list[str]:
        strangers = self.model.sharing.strangers
        before = self._strangers
        if strangers is None or (before is not None and abs(strangers - before) <= max(1.0, _WORTH_A_LINE * before)):
            return []
        self._strangers = strangers
        if before is None or not self._meter.shifted:
            return []
        word = "grew" if strangers > before else "shrank"
        return [f"the network {word}: about {strangers:,.0f} other miners share the rewards, {before:,.0f} before"]
