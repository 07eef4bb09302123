"""A server's rule of rewards in miniature: the truth that the income model has to find out."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from fleet.earning.meter import Meter

BUDGET, CAP, FLOOR = 0.1, 0.05, 0.0001
WEIGHTS = {"fraud_detection": 0.5, "inference": 0.4, "matrix_ops": 0.3, "federated_learning": 1.0}


@dataclass(kw_only=True, slots=True)
class PayingServer:
    """Pays `weight * clamp(budget / active, floor, cap)`, rounded to six digits; `noise` is a spread by difficulty."""

    strangers: int = 0
    cap: float = CAP
    states_active: bool = False
    noise: float = 0.0
    rng: Random = field(default_factory=lambda: Random(1))

    def level(self, own: int) -> float:
        """What a job of weight 1 pays with `own` sessions of ours."""
        return min(max(BUDGET / (own + self.strangers), FLOOR), self.cap)

    def job(self, meter: Meter, own: int) -> Decimal:
        """Tell the meter of a job; the amount that it pays."""
        job_type = self.rng.choice(list(WEIGHTS))
        factor = 1 + self.rng.uniform(-self.noise, self.noise)
        reward = Decimal(str(round(WEIGHTS[job_type] * self.level(own) * factor, 6)))
        active = own + self.strangers if self.states_active else None
        meter.priced(job_type, reward, own=own, active=active)
        return reward
