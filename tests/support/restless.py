"""A controller that opens and closes sessions at random, far more often than income would."""

from __future__ import annotations

import random

from fleet.coordinator.scheduling import auto_miners
from fleet.earning.controller import LOOK_EVERY_S, Controller, Decision


class Restless(Controller):
    """Chooses another number of sessions every `every_s` seconds in the mean."""

    rng: random.Random = random.Random()
    every_s = 30.0

    def look(self, open_now: int, now: float, *, requests_per_minute: float) -> Decision:
        """Choose a random number of sessions, now and then."""
        decision = super().look(open_now, now, requests_per_minute=requests_per_minute)
        if self.rng.random() < LOOK_EVERY_S / self.every_s:
            self.target = self.rng.randint(self.least, self.most)
        return Decision(target=self.target, reason=decision.reason, notices=decision.notices)


class VeryRestless(Restless):
    """The same for farms that are watched for some seconds only."""

    every_s = 3.0


def lay() -> None:
    """Have all farms of this process choose at random."""
    auto_miners.Controller = VeryRestless  # type: ignore[attr-defined]
