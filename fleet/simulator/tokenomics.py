"""The supply figures, for releases that show them."""

from __future__ import annotations

from fleet.simulator.dialects import USUAL_TYPES
from fleet.simulator.rewards import WEIGHTS, RewardSharing

GENESIS_SUPPLY = 50_000_000.0
GENESIS_TIMESTAMP = 1_733_299_200
ANNUAL_ISSUANCE_RATE = 0.02
FORMULA = "Reward = Task_Weight * (Block_Budget / Active_Miners)"

_EXAMPLES = ("federated_learning", "model_training", "fraud_detection")
_DAY_S = 86_400
_YEAR_S = 365 * _DAY_S


def supply(*, rewards_distributed: float, up_s: float, now: float) -> dict[str, object]:
    """Supply after `rewards_distributed` NNET and `up_s` seconds of steady issuance."""
    issued = rewards_distributed + GENESIS_SUPPLY * ANNUAL_ISSUANCE_RATE * up_s / _YEAR_S
    return {
        "genesis_supply": GENESIS_SUPPLY,
        "current_supply": GENESIS_SUPPLY + issued,
        "total_burned": 0.0,
        "total_issued": issued,
        "net_supply_change": issued,
        "is_deflationary": False,
        "burn_address": "neo1000000000000000000000000000000000dead",
        "burn_address_balance": 0.0,
        "base_fee_burn_rate": 0.7,
        "priority_fee_rate": 0.3,
        "genesis_timestamp": GENESIS_TIMESTAMP,
        "network_age_days": round((now - GENESIS_TIMESTAMP) / _DAY_S, 1),
        "annual_issuance_rate": ANNUAL_ISSUANCE_RATE,
        "model": "Ethereum EIP-1559 style - dynamic supply with burning",
    }


def current_state(sharing: RewardSharing, active_miners: int) -> dict[str, object]:
    """The reward of each type at this number of miners."""
    return {
        "active_miners": active_miners,
        "block_budget": sharing.block_budget,
        "base_reward_per_miner": sharing.share(active_miners),
        "formula": FORMULA,
        "rewards_by_task": {name: sharing.reward(WEIGHTS[name], active_miners) for name in USUAL_TYPES},
    }


def tokenomics_page(supply_figures: dict[str, object], sharing: RewardSharing, active_miners: int) -> dict[str, object]:
    """`GET /ai-energy/tokenomics`, and `GET /api/tokenomics` of later releases."""
    return {
        **supply_figures,
        "dynamic_rewards": current_state(sharing, active_miners),
        "task_weights": {name: WEIGHTS[name] for name in USUAL_TYPES},
        "block_budget": sharing.block_budget,
        "reward_limits": {"min_per_miner": sharing.least, "max_per_miner": sharing.most},
        "reward_type": "issuance",
        "burn_mechanism": "EIP-1559 style - 70% of transaction fees burned",
        "supply_model": "dynamic",
        "description": f"Dynamic rewards: {FORMULA}. More miners = lower individual rewards. "
        "Balanced by transaction fee burning.",
    }


def rewards_page(sharing: RewardSharing, active_miners: int) -> dict[str, object]:
    """`GET /api/rewards/current`."""
    return {
        "formula": FORMULA,
        "block_budget": sharing.block_budget,
        "limits": {"min": sharing.least, "max": sharing.most},
        "current_state": current_state(sharing, active_miners),
        "why_dynamic": "Prevents hyperinflation with 1 million miners, rewards early adopters",
        "examples": [_example(sharing, miners) for miners in (1, 5, 10, 50, 100, 500, 1000)],
    }


def _example(sharing: RewardSharing, miners: int) -> dict[str, object]:
    return {
        "miners": miners,
        "base_reward": sharing.share(miners),
        **{name: sharing.reward(WEIGHTS[name], miners) for name in _EXAMPLES},
    }
