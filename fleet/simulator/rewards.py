"""The rewards of jobs and heartbeats, by rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from fleet.simulator.errors import OptionError

#: reward in NNET per job type under the fixed rule, and weight under the others (docs/protocol-notes.md, 10)
WEIGHTS: dict[str, float] = {
    "fraud_detection": 0.5,
    "model_training": 0.8,
    "network_protection": 0.6,
    "data_validation": 0.3,
    "inference": 0.4,
    "federated_learning": 1.0,
    "gradient_compute": 0.5,
    "matrix_ops": 0.3,
    "matrix_multiply": 0.05,
    "model_inference": 0.06,
    "data_hash": 0.03,
    "tensor_reduce": 0.04,
}
#: weight of a paid heartbeat under the budget rule (docs/protocol-notes.md, 10)
HEARTBEAT_WEIGHT = 1.0
#: reward in NNET of a paid heartbeat under the other rules; no binary float holds it exactly
_HEARTBEAT_REWARD = 0.05 / 7
#: seconds after a heartbeat within which the next one earns nothing
HEARTBEAT_GAP_S = 25.0
#: digits after the point to which the budget rule rounds a reward
_DIGITS = 6


class RewardRule(Enum):
    """The rule by which a job's reward depends on its type, its difficulty and the number of active miners."""

    #: the type's weight in NNET, whatever the number of miners
    FIXED = "fixed"
    #: weight times one miner's share of the block budget
    BUDGET = "budget"
    #: thirds and sevenths of the weight, which no binary float holds exactly
    FRACTIONS = "fractions"


@dataclass(frozen=True, kw_only=True, slots=True)
class RewardSharing:
    """How the budget rule divides the block budget among the active miners, in NNET."""

    block_budget: float
    #: lower and upper limit of one miner's share
    least: float
    most: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.block_budget) and self.block_budget >= 0):
            raise OptionError("block_budget", self.block_budget, "0 NNET or more")
        if not (math.isfinite(self.most) and 0 <= self.least <= self.most):
            raise OptionError("share_min and share_max", (self.least, self.most), "0 or more, the minimum first")

    def share(self, active_miners: int) -> float:
        """One miner's share: the budget over the number of miners, within the limits."""
        return max(self.least, min(self.most, self.block_budget / max(1, active_miners)))

    def reward(self, weight: float, active_miners: int) -> float:
        """NNET paid for work of this weight, to six digits."""
        return round(weight * self.share(active_miners), _DIGITS)


def job_reward(
    rule: RewardRule, sharing: RewardSharing, job_type: str, *, difficulty: int, active_miners: int
) -> float:
    """NNET that an accepted job pays, as the same float that the server states."""
    weight = WEIGHTS[job_type]
    if rule is RewardRule.FIXED:
        return weight
    if rule is RewardRule.BUDGET:
        return sharing.reward(weight, active_miners)
    return weight * (1 + difficulty / 7) / 3


def heartbeat_reward(rule: RewardRule, sharing: RewardSharing, *, elapsed_s: float, active_miners: int) -> float:
    """NNET that a paid heartbeat earns `elapsed_s` seconds after the one before; 0 for one that comes too soon."""
    if elapsed_s < HEARTBEAT_GAP_S:
        return 0.0
    return sharing.reward(HEARTBEAT_WEIGHT, active_miners) if rule is RewardRule.BUDGET else _HEARTBEAT_REWARD
