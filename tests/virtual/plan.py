"""What a schedule does to a farm, drawn from its seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.faults import Fault, parse_fault
from fleet.simulator.rewards import RewardRule
from fleet.simulator.strangers import Strangers
from tests.support.faults import CALL_FAULTS

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
class Plan:
    """One schedule. Durations are in seconds, rates are probabilities."""

    seed: int
    dialect: str
    miners: int
    #: how long the farm mines before the drain
    mining_s: float
    drain_s: float
    #: median of a kernel's time
    kernel_s: float
    #: median of a round trip to the server
    latency_s: float
    workers: int
    #: requests a minute that the server allows, and that the governor starts with
    server_limit: int
    governor_limit: int
    redispatch_s: float
    #: probability that the coordinator dies at a step
    crash_rate: float
    #: times at which the coordinator dies, whatever it is doing
    crash_times: tuple[float, ...]
    downtime_s: float
    faults: tuple[Fault, ...]
    #: times at which the server loses everything
    forget_times: tuple[float, ...]
    #: (from, to) during which the server can't be reached
    outages: tuple[tuple[float, float], ...]
    #: times at which Redis loses everything
    flush_times: tuple[float, ...]
    #: (from, to) in which Redis does not answer
    redis_outages: tuple[tuple[float, float], ...]
    #: messages to workers that are lost, delivered twice, or delivered out of order
    lost_rate: float
    doubled_rate: float
    overtaking_rate: float
    #: results that are written to the stream twice
    doubled_result_rate: float
    #: attempts that raise, that return an invalid result, or that kill their worker
    failing_rate: float
    flawed_rate: float
    worker_death_rate: float
    #: time until the messages of a dead worker are delivered to another one
    visibility_s: float
    #: entries of the results stream that answer no order
    rogue_rate: float
    #: time between two comparisons with the server's totals
    reconcile_s: float
    #: other people's miners
    strangers: Strangers = field(default_factory=Strangers)
    #: further options of the simulator by name, such as how it pays and what it saves
    rules: Mapping[str, Any] = field(default_factory=dict)
    #: number of pinned miners where sessions are opened and closed by income; None where all sessions stay open
    pinned: int | None = None
    #: whether the number of sessions changes at random instead
    restless: bool = False
    #: times at which half of each wallet is sent away
    thefts: tuple[float, ...] = ()
    #: a second server that the farm mines at: this plan, with the server's own miners, limit, faults and outages
    second: Plan | None = None
    #: the server's priority
    priority: int = 1
    #: seconds until the second server is mined at when the first one is down, and until it is left again
    failover_s: tuple[float, float] = (5.0, 30.0)

    @property
    def forgets(self) -> bool:
        """Whether the server loses its accounts at any time."""
        return bool(self.forget_times) or any(fault.kind is FaultKind.FORGET for fault in self.faults)


def draw_plan(seed: int, *, jobs: int | None = None, later: bool = True) -> Plan:
    """The schedule of a seed, of about `jobs` jobs; without `jobs` mostly a short one, now and then a long one.

    Most faults meet each other within a few jobs: many short schedules find more in a minute than a few long ones.
    """
    rng = Random(f"plan {seed}")
    jobs = jobs or Random(f"size {seed}").choice(_SIZES)
    miners = rng.choice((1, 1, 2, 3))
    kernel_s = rng.choice((0.02, 0.5, 3.0, 10.0, 40.0))
    latency_s = rng.choice((0.005, 0.05, 0.3, 1.5))
    pace_s = kernel_s * 1.3 + 2 * latency_s + 0.05
    mining_s = min(max(jobs * pace_s / miners, 40.0), 86_400.0)
    if mining_s == 40.0:
        kernel_s = 40.0 * miners / jobs
    forgets = rng.random() < 0.25

    def rate(likely: float, most: float) -> float:
        return rng.random() * most if rng.random() < likely else 0.0

    def moments(likely: float, most: int) -> tuple[float, ...]:
        count = rng.randint(1, most) if rng.random() < likely else 0
        return tuple(sorted(rng.random() * mining_s for _ in range(count)))

    def spans(likely: float, most_s: float) -> tuple[tuple[float, float], ...]:
        return tuple((start, start + rng.random() * most_s) for start in moments(likely, 2))

    limit = rng.choice((5000, 5000, 5000, 60))
    dialect = rng.choice("abc")
    plan = Plan(
        seed=seed,
        dialect=dialect,
        miners=miners,
        mining_s=mining_s,
        drain_s=rng.choice((2.0, 60.0, 300.0)),
        kernel_s=kernel_s,
        latency_s=latency_s,
        workers=rng.randint(1, 4),
        server_limit=limit,
        governor_limit=limit if rng.random() < 0.7 else 5000,
        # repeated dispatches of a job that is being computed show nothing new after the third
        redispatch_s=max(rng.choice((5.0, 30.0, 120.0)), kernel_s / 2),
        crash_rate=rate(0.6, 0.012),
        crash_times=moments(0.5, 3),
        downtime_s=rng.choice((0.0, 1.0, 30.0, 300.0)),
        faults=_faults(rng, lies=not forgets) + (_later_faults(seed) if later else ()),
        forget_times=moments(1.0, 2) if forgets else (),
        outages=spans(0.3, 120.0),
        flush_times=moments(0.3, 2),
        redis_outages=spans(0.2, 60.0),
        lost_rate=rate(0.4, 0.1),
        doubled_rate=rate(0.4, 0.2),
        overtaking_rate=rate(0.4, 0.5),
        doubled_result_rate=rate(0.4, 0.2),
        failing_rate=rate(0.3, 0.15),
        flawed_rate=rate(0.2, 0.1),
        worker_death_rate=rate(0.3, 0.1),
        visibility_s=rng.choice((60.0, 600.0)),
        rogue_rate=rate(0.2, 0.3),
        reconcile_s=rng.choice((600.0, 60.0, 10.0)),
        # amounts that no float represents exactly, for every second farm on this dialect
        rules={"reward_rule": RewardRule.FRACTIONS} if dialect == "c" and seed % 2 else {},
    )
    if not later:
        return plan
    plan = replace(plan, thefts=_thefts(seed, mining_s), **_auto(seed, miners))
    return _with_second(plan, jobs) if draws_second(seed) else plan


def draws_second(seed: int) -> bool:
    """Whether a seed's farm mines at two servers, as every fourth one does. Seeds of second servers are negative."""
    return seed >= 0 and Random(f"second {seed}").random() < 1 / 4


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


def undisturbed(plan: Plan) -> Plan:
    """The same plan without any faults, at one server, in which all sessions stay open."""
    return replace(
        plan,
        second=None,
        pinned=None,
        restless=False,
        thefts=(),
        crash_rate=0.0,
        crash_times=(),
        faults=(),
        forget_times=(),
        outages=(),
        flush_times=(),
        redis_outages=(),
        lost_rate=0.0,
        doubled_rate=0.0,
        overtaking_rate=0.0,
        doubled_result_rate=0.0,
        failing_rate=0.0,
        flawed_rate=0.0,
        worker_death_rate=0.0,
        rogue_rate=0.0,
    )


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
