"""A server's reward rule in miniature, which the income model has to discover."""

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
        """The pay for a job of weight 1 while we have `own` sessions."""
        return min(max(BUDGET / (own + self.strangers), FLOOR), self.cap)

    def job(self, meter: Meter, own: int) -> Decimal:
        """Report one job to the meter. Returns its pay."""
        job_type = self.rng.choice(list(WEIGHTS))
        factor = 1 + self.rng.uniform(-self.noise, self.noise)
        reward = Decimal(str(round(WEIGHTS[job_type] * self.level(own) * factor, 6)))
        active = own + self.strangers if self.states_active else None
        meter.priced(job_type, reward, own=own, active=active)
        return reward
