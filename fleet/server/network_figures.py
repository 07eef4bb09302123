"""Reads a NeoNet server's figures about its network: fees, phase, and the reward rule, if it states them. Pure.

An answer is untrusted input: each function returns a value with valid fields, or raises Garbled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.domain.answers import GasInfo, NetworkPhase, RewardTerms
from fleet.errors import Garbled
from fleet.server.numbers import optional_count, optional_number
from tasks.errors import shortened
from tasks.text import sanitized


def parse_gas(answer: Mapping[str, Any]) -> GasInfo:
    """The answer to `GET /api/gas/info`. A missing number is None, never a default."""
    return GasInfo(
        fee_model=sanitized(str(answer.get("fee_model", "unknown"))[:60]),
        neo_transfer_fee=optional_number(answer.get("neo_transfer_fee")),
        token_transfer_fee=optional_number(answer.get("token_transfer_fee")),
        congestion_level=sanitized(str(answer.get("congestion_level", "unknown"))[:20]),
        active_providers=optional_count(answer.get("active_providers")),
    )


def parse_network(answer: Mapping[str, Any]) -> NetworkPhase:
    """The answer to `GET /api/decentralization/status`. Releases name the server's share differently."""
    load = answer.get("replit_load", answer.get("bootstrap_load"))
    return NetworkPhase(
        phase=sanitized(str(answer.get("phase", "unknown"))[:30]),
        active_miners=optional_count(answer.get("active_miners")),
        server_load=optional_number(load),
        miner_load=optional_number(answer.get("miner_load")),
    )


def parse_terms(answer: Mapping[str, Any]) -> RewardTerms:
    """The answer to `GET /api/rewards/current` or `/api/tokenomics`. Raises Garbled unless it states a whole rule."""
    state = _fields(answer.get("current_state") or answer.get("dynamic_rewards"))
    bounds = _fields(answer.get("limits")) or _fields(answer.get("reward_limits"))
    budget = optional_number(answer.get("block_budget"))
    floor = optional_number(bounds.get("min", bounds.get("min_per_miner")))
    cap = optional_number(bounds.get("max", bounds.get("max_per_miner")))
    if budget is None or floor is None or cap is None or not (budget > 0 and 0 <= floor <= cap and cap > 0):
        raise Garbled(f"the rule for rewards is {shortened(answer)}")
    return RewardTerms(budget=budget, floor=floor, cap=cap, active_miners=optional_count(state.get("active_miners")))


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
