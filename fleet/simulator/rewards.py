"""The rewards of jobs and heartbeats, by rule."""

from __future__ import annotations

from enum import Enum

#: reward in NNET per job type under the fixed rule, and weight under the others
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

#: NNET that the budget rule divides among the active miners
BLOCK_BUDGET = 10.0
#: lower and upper limit of one miner's share in NNET
SHARE_LIMITS = (0.001, 10.0)
#: seconds after a heartbeat within which the next one earns nothing
HEARTBEAT_GAP_S = 25.0


class RewardRule(Enum):
    """The rule by which a job's reward depends on its type, its difficulty and the number of active miners."""

    #: the type's weight in NNET, whatever the number of miners
    FIXED = "fixed"
    #: weight times an equal share of the block budget
    BUDGET = "budget"
    #: thirds and sevenths of the weight, which no binary float holds exactly
    FRACTIONS = "fractions"


def share(active_miners: int) -> float:
    """One miner's share of the block budget, in NNET, within `SHARE_LIMITS`."""
    least, most = SHARE_LIMITS
    return max(least, min(most, BLOCK_BUDGET / max(1, active_miners)))


def job_reward(rule: RewardRule, job_type: str, *, difficulty: int, active_miners: int) -> float:
    """NNET that an accepted job pays, as the same float that the server states."""
    weight = WEIGHTS[job_type]
    if rule is RewardRule.FIXED:
        return weight
    if rule is RewardRule.BUDGET:
        return weight * share(active_miners)
    return weight * (1 + difficulty / 7) / 3


def heartbeat_reward(elapsed_s: float) -> float:
    """NNET that a paid heartbeat earns `elapsed_s` seconds after the one before."""
    return 0.05 / 7 if elapsed_s >= HEARTBEAT_GAP_S else 0.0
