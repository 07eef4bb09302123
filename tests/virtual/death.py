"""The coordinator's death at a step, by chance or on time."""

from __future__ import annotations

from random import Random

from tests.virtual.timeline import Timeline

#: maximum number of deaths between steps in one schedule
_MOST_STRIKES = 8


class Killed(BaseException):
    """kill -9: nothing of the coordinator runs after this."""


class Death:
    """Decides at which step the coordinator dies."""

    def __init__(self, rng: Random, rate: float, timeline: Timeline) -> None:
        self.rate = rate
        self.due = False
        self._left = _MOST_STRIKES
        self._rng = rng
        self._timeline = timeline

    def may_strike(self, step: str) -> None:
        """Die at this step if the schedule says so."""
        if self.due or (self.rate and self._rng.random() < self.rate):
            self._left -= not self.due
            self.rate = self.rate if self._left > 0 else 0.0
            self.due = False
            self._timeline.trace(f"KILLED {step}")
            raise Killed(step)
