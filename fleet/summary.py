"""The figures of a run as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fleet.farm import Farm
from fleet.payments import ZERO, EntryKind
from fleet.report import Tally


def summary(
    *,
    farm: Farm,
    counts: Mapping[str, int],
    sums: Mapping[str, Decimal],
    tally: Tally,
    duration_s: float,
    server: str,
    simulated: bool,
) -> dict[str, Any]:
    """What a run did: jobs of the run, rewards since the server's totals were first seen, latency, requests."""
    purses = [miner.purse for miner in farm.miners.values()]
    ledger = sum((purse.since_base for purse in purses), ZERO)
    stated = [purse.server_total for purse in purses]
    differences = [purse.difference for purse in purses]
    known = all(total is not None for total in stated) and bool(purses)
    return {
        "server": server,
        "simulated": simulated,
        "miners": len(purses),
        "jobs": dict(counts),
        "job_types": dict(sorted(tally.job_types.items())),
        "rewards": {
            "ledger_nnet": ledger,
            "jobs_nnet": sums.get(EntryKind.JOB.value, ZERO),
            "heartbeats_nnet": sums.get(EntryKind.HEARTBEAT.value, ZERO),
            "adjustments_nnet": sums.get(EntryKind.ADJUSTMENT.value, ZERO),
            "server_nnet": sum((total for total in stated if total is not None), ZERO) if known else None,
            "difference_nnet": sum((d for d in differences if d is not None), ZERO) if known else None,
            "per_miner": {
                miner_id: {
                    "ledger_nnet": miner.purse.since_base,
                    "server_nnet": miner.purse.server_total,
                    "difference_nnet": miner.purse.difference,
                }
                for miner_id, miner in sorted(farm.miners.items())
            },
        },
        "latency_ms": {"overhead_p50": tally.percentile(50), "overhead_p99": tally.percentile(99)},
        "requests": {"total": farm.governor.total, "refused_429": farm.governor.refused},
        "budget": {"limit": int(farm.governor.limit), "window_s": farm.governor.window_s},
        "unexplained_nnet": sum((purse.unexplained for purse in purses), ZERO),
        "anomalies": tally.anomalies,
        "duration_s": round(duration_s, 3),
    }
