"""The figures of a run as one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from config.hiding import hidden
from config.server_tables import ServerSettings
from fleet.coordinator.farms import AllLimits, AnyFarm, Farms
from fleet.coordinator.output.tally import RunTally
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.amounts import ZERO
from fleet.earning.advice_json import stated
from fleet.miner.miner import Miner
from fleet.money.readable import reading_order
from fleet.money.scopes import NO_STANDING, Scopes, Standing, stamp
from fleet.ratelimit.governor import Governor
from fleet.server.verdict import Verdict


def summary(
    *,
    farm: AnyFarm,
    names: Mapping[str, str],
    scopes: Scopes,
    standings: Mapping[str, Standing],
    tally: RunTally,
    verdict: Verdict | None,
    duration_s: float,
) -> dict[str, Any]:
    """The figures of a run: jobs, rewards by scope, the server's totals, latency, requests.

    Miners are shown by `names`, miner id → name. `verdict` says why the server assigned no job at all; None when it
    assigned some. A server's total is the one that it stated at the run's end: where it stated none then, the figure is
    None, even if it stated one before.
    """
    miners = dict(sorted(farm.in_use.items(), key=lambda item: reading_order(names[item[0]])))
    books = _books(miners.values(), standings)
    compared = _compared(miners.values(), books)
    per_miner = {
        names[miner_id]: _stated(miner, standings.get(miner_id, NO_STANDING)) for miner_id, miner in miners.items()
    }
    return {
        "miners": len(miners),
        "jobs": dict(scopes.run.jobs),
        "scopes": {
            "run": scopes.run.stated(),
            "ledger": scopes.ledger.stated(),
            "since_base": scopes.since_base.stated() | compared,
        },
        "rewards": _rewards(miners.values(), scopes) | compared | {"per_miner": per_miner},
        "books": books,
        **_tallied(tally),
        **_requests(farm.governor),
        "earning": None if isinstance(farm, Farms) else _earning(farm),
        "unexplained_nnet": sum((miner.account.unexplained for miner in miners.values()), ZERO),
        "nothing_mined": None if verdict is None else asdict(verdict),
        "duration_s": round(duration_s, 3),
    }


def _job_types(counts: Mapping[str, int]) -> dict[str, int]:
    """The number of jobs of each type; a server may put a miner's id into the name of one that it invents."""
    shown: Counter[str] = Counter()
    for job_type, count in counts.items():
        shown[hidden(job_type)] += count
    return dict(sorted(shown.items()))


def _earning(farm: Farm) -> dict[str, Any] | None:
    """The last advice; None if no income could be estimated."""
    advice = farm.auto.adviser.advice
    return None if advice is None else stated(advice)


def _tallied(tally: RunTally) -> dict[str, object]:
    return {
        "job_types": _job_types(tally.job_types),
        "latency_ms": {"overhead_p50": tally.percentile(50), "overhead_p99": tally.percentile(99)},
        "anomalies": tally.anomalies,
    }


def summed_up(server: ServerSettings, farm: Farm, scopes: Scopes) -> dict[str, Any]:
    """The figures of a run at one of several servers."""
    compared = [miner.account for miner in farm.in_use.values() if miner.compared]
    return {
        "server": server.name,
        "url": server.url,
        "account": server.ledger_name,
        "miners": len(farm.in_use),
        "jobs": dict(scopes.run.jobs),
        "booked_nnet": scopes.run.booked,
        "ledger_nnet": scopes.ledger.booked,
        "server_nnet": _sum(account.server_total for account in compared),
        "difference_nnet": _sum(account.difference for account in compared),
        **_requests(farm.governor),
        "earning": _earning(farm),
    }


def _requests(governor: Governor | AllLimits) -> dict[str, object]:
    return {
        "requests": {"total": governor.total, "refused_429": governor.refused},
        "budget": {"limit": int(governor.limit), "window_s": governor.window_s},
    }


def _compared(miners: Collection[Miner], books: Mapping[str, object]) -> dict[str, Decimal | None]:
    """The sum of the servers' totals and its difference from the ledger; None unless every total was stated."""
    known = bool(books["compared"] and books["stated"])
    accounts = [miner.account for miner in miners if miner.compared]
    return {
        "server_nnet": _sum(account.server_total for account in accounts) if known else None,
        "difference_nnet": _sum(account.difference for account in accounts) if known else None,
    }


def _rewards(miners: Collection[Miner], scopes: Scopes) -> dict[str, object]:
    since_base = scopes.since_base.stated()
    return {
        "scope": "since_base",
        "ledger_nnet": _sum(miner.account.since_base for miner in miners),
        **{name: since_base[name] for name in ("jobs_nnet", "heartbeats_nnet", "adjustments_nnet")},
    }


def _stated(miner: Miner, standing: Standing) -> dict[str, object]:
    account = miner.account
    return {
        "ledger_nnet": account.since_base,
        "whole_ledger_nnet": account.booked,
        "server_nnet": account.server_total if miner.compared else None,
        "difference_nnet": account.difference if miner.compared else None,
        "since": stamp(standing.base_ms),
        "answered_at": stamp(standing.stated_ms),
    }


def _books(miners: Collection[Miner], standings: Mapping[str, Standing]) -> dict[str, object]:
    """Whether every miner with a comparable total was compared at the end, and what no comparison counts."""
    missing = [miner for miner in miners if miner.has_books and not miner.compared]
    idle = [miner for miner in miners if not miner.has_books and not miner.compared]
    before = [miner for miner in miners if miner.account.before_base]
    answers = [standings.get(miner.spec.miner_id, NO_STANDING).stated_ms for miner in missing or miners]
    bases = [standings.get(miner.spec.miner_id, NO_STANDING).base_ms for miner in before]
    return {
        "compared": not missing,
        "stated": sum(miner.compared for miner in miners),
        "not_stated": len(missing),
        "no_session": len(idle),
        "answered_at": stamp(max((at for at in answers if at is not None), default=None)),
        "before_base_nnet": _sum(miner.account.before_base for miner in before),
        "base_at": stamp(max((at for at in bases if at is not None), default=None)),
    }


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), ZERO)
