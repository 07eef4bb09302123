"""Draws a schedule's plan from its seed.

One file: each draw depends on those before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from fleet.simulator.faults import Fault, parse_fault
from fleet.simulator.rewards import RewardRule
from tests.support.faults import CALL_FAULTS
from tests.virtual.draw_checks import with_checks
from tests.virtual.draw_orders import with_orders, with_work_orders
from tests.virtual.plan import Plan

#: single endpoints whose answers may be lost as well
_CALL_FAULTS = (
    *CALL_FAULTS,
    "drop_after,endpoints=submit-result",
    "error_after,endpoints=submit-result",
    "drop_after,endpoints=heartbeat",
    "drop_after,endpoints=start-session",
    "drop_after,endpoints=task",
)
_JOB_FAULTS = ("poison", "unknown_type", "deadline", "deadline,value=1e300", "other_payload", "other_miner")
#: faults by which answers state another amount than the one paid
_LIES = ("job_reward,value=-1", "job_reward,value=0.125", "receipt_reward,value=-1", "receipt_reward,value=0.125")

#: faults that were added later; they are drawn separately, so that older schedules keep their seeds
_LATER_FAULTS = (
    *(f"flawed_data,value={flaw}" for flaw in ("nan", "infinity", "huge", "digits", "surrogate")),
    *(f"page,value={status}" for status in (202, 302, 401, 403, 413)),
    "no_session",
)

#: shortest time of mining at two servers, in seconds: long enough to leave the first one and to come back
_TURNS_S = 200.0

#: number of jobs in a schedule, each value equally likely
_SIZES = (6, 6, 6, 6, 6, 6, 12, 12, 12, 40)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draws:
    """The kinds of draws that a plan consists of; most come up empty."""

    rng: Random
    mining_s: float

    def rate(self, likely: float, most: float) -> float:
        """A rate up to `most`; zero unless an event of probability `likely` happens."""
        return self.rng.random() * most if self.rng.random() < likely else 0.0

    def moments(self, likely: float, most: int) -> tuple[float, ...]:
        """Up to `most` times while the farm mines, in order."""
        count = self.rng.randint(1, most) if self.rng.random() < likely else 0
        return tuple(sorted(self.rng.random() * self.mining_s for _ in range(count)))

    def spans(self, likely: float, most_s: float) -> tuple[tuple[float, float], ...]:
        """Up to two spans of at most `most_s`, each as (from, to)."""
        return tuple((start, start + self.rng.random() * most_s) for start in self.moments(likely, 2))


def draw_plan(seed: int, *, jobs: int | None = None, later: bool = True, orders: bool = True) -> Plan:
    """The schedule of a seed, of about `jobs` jobs; without `jobs` mostly a short one, now and then a long one.

    Most faults meet each other within a few jobs: many short schedules find more in a minute than a few long ones.
    Without `orders` nothing is paused: the plans of tests that rely on single seeds.
    """
    rng = Random(f"plan {seed}")
    miners = rng.choice((1, 1, 2, 3))
    pace = _pace(rng, jobs or Random(f"size {seed}").choice(_SIZES), miners)
    forgets = rng.random() < 0.25
    draws = _Draws(rng=rng, mining_s=pace["mining_s"])
    limit = rng.choice((5000, 5000, 5000, 60))
    dialect = rng.choice("abc")
    plan = Plan(
        seed=seed,
        dialect=dialect,
        miners=miners,
        **pace,
        drain_s=rng.choice((2.0, 60.0, 300.0)),
        workers=rng.randint(1, 4),
        server_limit=limit,
        governor_limit=limit if rng.random() < 0.7 else 5000,
        # repeated dispatches of a job that is being computed show nothing new after the third
        redispatch_s=max(rng.choice((5.0, 30.0, 120.0)), pace["kernel_s"] / 2),
        crash_rate=draws.rate(0.6, 0.012),
        crash_times=draws.moments(0.5, 3),
        downtime_s=rng.choice((0.0, 1.0, 30.0, 300.0)),
        faults=_faults(rng, lies=not forgets) + (_later_faults(seed) if later else ()),
        forget_times=draws.moments(1.0, 2) if forgets else (),
        outages=draws.spans(0.3, 120.0),
        **_at_redis_and_workers(draws),
        reconcile_s=rng.choice((600.0, 60.0, 10.0)),
        # amounts that no float represents exactly, for every second farm on this dialect
        rules={"reward_rule": RewardRule.FRACTIONS} if dialect == "c" and seed % 2 else {},
    )
    if not later:
        return plan
    plan = replace(plan, thefts=_thefts(seed, plan.mining_s), **_auto(seed, miners))
    plan = _with_second(plan, jobs) if draws_second(seed) else plan
    return with_checks(_with_leavers(with_work_orders(with_orders(plan)))) if orders else plan


def draws_second(seed: int) -> bool:
    """Whether a seed's farm mines at two servers, as every fourth one does. Seeds of second servers are negative."""
    return seed >= 0 and Random(f"second {seed}").random() < 1 / 4


def _with_leavers(plan: Plan) -> Plan:
    """In a quarter of the schedules without orders, coordinators start without some of the miners."""
    rng = Random(f"leavers {plan.seed}")
    if plan.orders or rng.random() >= 1 / 4:
        return plan
    rate = rng.choice((0.2, 0.5))
    second = None if plan.second is None else replace(plan.second, leave_rate=rate)
    return replace(plan, leave_rate=rate, second=second)


def _with_second(plan: Plan, jobs: int | None) -> Plan:
    """The plan with a second server, of the same priority or standing by; the first one is down for longer then."""
    drawn, rng = draw_plan(-1 - plan.seed, jobs=jobs), Random(f"priority {plan.seed}")
    plan = replace(
        plan,
        mining_s=max(plan.mining_s, _TURNS_S),
        failover_s=(rng.choice((1.0, 5.0)), rng.choice((2.0, 10.0, 30.0))),
    )
    scale = plan.mining_s / drawn.mining_s
    second = replace(
        plan,
        priority=rng.choice((1, 2, 2)),
        dialect=drawn.dialect,
        rules=drawn.rules,
        miners=drawn.miners,
        pinned=None if plan.pinned is None else drawn.pinned or 0,
        restless=drawn.restless,
        latency_s=drawn.latency_s,
        server_limit=drawn.server_limit,
        governor_limit=drawn.governor_limit,
        faults=drawn.faults,
        forget_times=tuple(moment * scale for moment in drawn.forget_times),
        thefts=tuple(moment * scale for moment in drawn.thefts),
        outages=tuple((start * scale, start * scale + end - start) for start, end in drawn.outages),
    )
    if second.priority == 1:
        return replace(plan, second=second)
    # a drain begins in this outage now and then
    start = rng.random() * plan.mining_s
    longer = (start, start + rng.random() * plan.mining_s / 2)
    return replace(plan, second=second, outages=tuple(sorted((*plan.outages, longer))))


def _pace(rng: Random, jobs: int, miners: int) -> dict[str, Any]:
    """How long kernels and calls take, and how long the farm mines for about `jobs` jobs."""
    kernel_s = rng.choice((0.02, 0.5, 3.0, 10.0, 40.0))
    latency_s = rng.choice((0.005, 0.05, 0.3, 1.5))
    job_s = kernel_s * 1.3 + 2 * latency_s + 0.05
    mining_s = min(max(jobs * job_s / miners, 40.0), 86_400.0)
    if mining_s == 40.0:
        kernel_s = 40.0 * miners / jobs
    return {"kernel_s": kernel_s, "latency_s": latency_s, "mining_s": mining_s}


def _at_redis_and_workers(draws: _Draws) -> dict[str, Any]:
    """What goes wrong between the coordinator and its workers."""
    return {
        "flush_times": draws.moments(0.3, 2),
        "redis_outages": draws.spans(0.2, 60.0),
        "lost_rate": draws.rate(0.4, 0.1),
        "doubled_rate": draws.rate(0.4, 0.2),
        "overtaking_rate": draws.rate(0.4, 0.5),
        "doubled_result_rate": draws.rate(0.4, 0.2),
        "failing_rate": draws.rate(0.3, 0.15),
        "flawed_rate": draws.rate(0.2, 0.1),
        "worker_death_rate": draws.rate(0.3, 0.1),
        "visibility_s": draws.rng.choice((60.0, 600.0)),
        "rogue_rate": draws.rate(0.2, 0.3),
    }


def _faults(rng: Random, *, lies: bool) -> tuple[Fault, ...]:
    texts = rng.sample(_CALL_FAULTS, rng.choice((0, 1, 2, 4)))
    texts += rng.sample(_JOB_FAULTS, rng.choice((0, 0, 1, 2)))
    if lies and rng.random() < 0.2:
        texts += rng.sample(_LIES, 1)
    return tuple(_with_probability(text, rng.choice((0.01, 0.05, 0.2))) for text in texts)


def _later_faults(seed: int) -> tuple[Fault, ...]:
    rng = Random(f"later {seed}")
    texts = rng.sample(_LATER_FAULTS, rng.choice((0, 0, 1, 2)))
    return tuple(_with_probability(text, rng.choice((0.01, 0.05, 0.2))) for text in texts)


def _auto(seed: int, miners: int) -> dict[str, Any]:
    """In a third of the schedules, up to twelve miners whose sessions open and close, most often at random."""
    rng = Random(f"auto {seed}")
    if rng.random() >= 1 / 3:
        return {}
    return {"miners": miners + rng.randint(1, 9), "pinned": rng.choice((0, 0, 1)), "restless": rng.random() < 0.6}


def _thefts(seed: int, mining_s: float) -> tuple[float, ...]:
    """In a quarter of the schedules, one to three thefts."""
    rng = Random(f"thefts {seed}")
    count = rng.choice((0, 0, 0, rng.randint(1, 3)))
    return tuple(sorted(rng.random() * mining_s for _ in range(count)))


def _with_probability(text: str, probability: float) -> Fault:
    kind, comma, rest = text.partition(",")
    return parse_fault(f"{kind},probability={probability}{comma}{rest}")
