"""Network-wide figures: gas, statistics, leaderboard, phase of decentralization."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from random import Random

from fleet.simulator.records import Contributor
from fleet.simulator.strangers import stranger
from fleet.simulator.validation import RegistrationBody

#: levels of congestion: the used share of the request budget at which each begins, its name, and the factor on fees
_LEVELS = ((0.9, "very_high", 4.0), (0.75, "high", 2.5), (0.5, "medium", 1.5), (0.0, "low", 1.0))
#: maximum number of contributors in an answer
_MOST_LISTED = 50


def gas(*, active_providers: int, load: float, rng: Random) -> dict[str, object]:
    """Fees at `load`, the share (0 … 1) of the request budget in use."""
    level, factor = next((name, factor) for least, name, factor in _LEVELS if load >= least)
    return {
        "neo_transfer_fee": round(0.004 * factor * rng.uniform(0.95, 1.05), 6),
        "token_transfer_fee": round(0.002 * factor * rng.uniform(0.95, 1.05), 6),
        "active_providers": active_providers,
        "congestion_level": level,
        "fee_model": "EIP-1559 Dynamic",
    }


def stats(
    contributors: dict[str, Contributor],
    *,
    compute_hours: float,
    tasks_completed: int,
    rewards_distributed: float,
    strangers: int,
    strangers_seen: int,
) -> dict[str, object]:
    """`GET /ai-energy/stats`, with the first contributors that have a session.

    `strangers` other miners have a session now; `strangers_seen` are registered.
    """
    active = [contributor for contributor in contributors.values() if contributor.session is not None]
    listed = [*active[:_MOST_LISTED], *map(stranger, range(min(strangers, max(0, _MOST_LISTED - len(active)))))]
    return {
        "total_contributors": len(contributors) + strangers_seen,
        "active_sessions": len(active) + strangers,
        "total_compute_hours": compute_hours,
        "total_tasks_completed": tasks_completed,
        "total_rewards_distributed": rewards_distributed,
        "active_contributors": [
            {
                "id": f"{contributor.contributor_id[:16]}...",
                "cpu_cores": contributor.cpu_cores,
                "gpu_memory_mb": contributor.gpu_memory_mb,
                "total_tasks": contributor.total_tasks,
                "total_rewards": contributor.total_rewards,
            }
            for contributor in listed
        ],
    }


def leaderboard(contributors: Iterable[Contributor], *, strangers: int) -> dict[str, object]:
    """`GET /ai-energy/leaderboard`: highest rewards first, rounded to 4 digits; `strangers` have earned none."""
    others = map(stranger, range(min(strangers, _MOST_LISTED)))
    ranked = sorted(chain(contributors, others), key=lambda contributor: -contributor.total_rewards)[:_MOST_LISTED]
    return {
        "leaderboard": [
            {
                "rank": rank,
                "id": f"{contributor.contributor_id[:10]}...{contributor.contributor_id[-4:]}",
                "total_tasks": contributor.total_tasks,
                "total_compute_hours": round(contributor.total_compute_hours, 2),
                "total_rewards": round(contributor.total_rewards, 4),
            }
            for rank, contributor in enumerate(ranked, 1)
        ]
    }


def miner_load(active_miners: int) -> tuple[str, float]:
    """The phase of decentralization, and the percentage of the load on miners."""
    if active_miners < 10:
        return "bootstrap", 0.0
    if active_miners < 100:
        return "transition", round((active_miners - 10) / 90 * 50, 2)
    if active_miners < 1000:
        return "distributed", round(50 + (active_miners - 100) / 900 * 40, 2)
    return "decentralized", 100.0


def decentralization(*, active_miners: int, origin: str, since: float) -> dict[str, object]:
    """`GET /api/decentralization/status`; `origin` names the operator of the other servers, `since` is a Unix time."""
    phase, load = miner_load(active_miners)
    shown = origin.capitalize()
    descriptions = {
        "bootstrap": f"{shown} handles 100% - waiting for miners",
        "transition": f"Load shifting from {shown} to miners (50/50)",
        "distributed": f"Miners handle most of the load, {shown} is the backup",
        "decentralized": f"Miners handle 100% - {shown} can be shut down",
    }
    return {
        "phase": phase,
        "active_miners": active_miners,
        f"{origin}_load": round(100 - load, 2),
        "miner_load": load,
        f"{origin}_shutdown_ready": phase == "decentralized",
        "transition_started": None if phase == "bootstrap" else since,
        "full_decentralization": since if phase == "decentralized" else None,
        "description": descriptions[phase],
    }


def provider(body: RegistrationBody) -> dict[str, object]:
    """`POST /api/ai-miner/register-provider`. Real servers' answers are not known: this one repeats what was stated."""
    return {"success": True, "provider": body.model_dump(exclude={"contributor_id"})}
