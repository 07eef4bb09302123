"""Draws the controls of a schedule, from a generator of their own: plans without any stay as they were."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fleet.control.control import FARM, ControlChange, Target, TargetKind
from fleet.simulator.dialects import DIALECTS
from tests.virtual.plan import Order, Plan

#: the tags that miners of even and of odd numbers have
TAGS = ("even", "odd")
_STOP_AFTER_S = (0.0, 5.0, 60.0, 600.0, None)


def with_orders(plan: Plan) -> Plan:
    """In a quarter of the schedules, up to four pauses or drains and some retries; coordinators die beside some."""
    rng = Random(f"orders {plan.seed}")
    if rng.random() >= 1 / 4:
        return plan
    orders, deaths = list[Order](), list[float]()
    for _ in range(rng.randint(1, 4)):
        target = _target(rng, plan)
        change = rng.choice((ControlChange.PAUSE, ControlChange.PAUSE, ControlChange.DRAIN))
        begin_s, lasts_s = rng.random() * plan.mining_s, 1.0 + rng.random() * plan.mining_s / 2
        ends = rng.choice(("itself", "resumed", "resumed", "never"))
        begun = Order(
            at_s=begin_s,
            change=change,
            target=target,
            stop_after_s=rng.choice(_STOP_AFTER_S),
            lasts_s=lasts_s if ends == "itself" else None,
        )
        orders.append(begun)
        if ends == "resumed":
            orders.append(Order(at_s=begin_s + lasts_s, change=ControlChange.RESUME, target=target))
        if rng.random() < 1 / 3:
            orders.append(Order(at_s=rng.random() * plan.mining_s, change=ControlChange.RETRY, target=target))
        # about when the coordinator hears of the control, and while it is in force
        deaths += [begin_s + rng.random() * most_s for most_s in (1.0, lasts_s) if rng.random() < 1 / 4]
    return _ordered(plan, orders, deaths)


def with_work_orders(plan: Plan) -> Plan:
    """In a quarter of the schedules, up to three pauses of hosts and job types; workers start again beside some."""
    rng = Random(f"work orders {plan.seed}")
    if rng.random() >= 1 / 4:
        return plan
    orders, deaths, restarts = list[Order](), list[float](), list[float]()
    plan = replace(plan, hosts=min(rng.choice((1, 2, 3)), plan.workers))
    for _ in range(rng.randint(1, 3)):
        target, change = _work(rng, plan)
        begin_s, lasts_s = rng.random() * plan.mining_s, 1.0 + rng.random() * plan.mining_s / 2
        ends = rng.choice(("itself", "resumed", "resumed", "never"))
        orders.append(Order(at_s=begin_s, change=change, target=target, lasts_s=lasts_s if ends == "itself" else None))
        if ends == "resumed":
            orders.append(Order(at_s=begin_s + lasts_s, change=ControlChange.RESUME, target=target))
        deaths += [begin_s + rng.random() * most_s for most_s in (1.0, lasts_s) if rng.random() < 1 / 4]
        restarts += [begin_s + rng.random() * lasts_s for _ in range(rng.choice((0, 0, 1, 2)))]
    return replace(_ordered(plan, [*plan.orders, *orders], deaths), restarts=tuple(sorted(restarts)))


def _ordered(plan: Plan, orders: list[Order], deaths: list[float]) -> Plan:
    orders.sort(key=lambda order: order.at_s)
    at_s = tuple(sorted((*plan.crash_times, *(death for death in deaths if death < plan.mining_s))))
    return replace(plan, orders=tuple(orders), crash_times=at_s)


def _work(rng: Random, plan: Plan) -> tuple[Target, ControlChange]:
    """A host or a job type of the server, and what is done to it."""
    if rng.random() < 1 / 2:
        name = f"host-{rng.randrange(plan.hosts)}"
        return Target(kind=TargetKind.HOST, name=name), rng.choice((ControlChange.PAUSE, ControlChange.DRAIN))
    job_type = rng.choice(DIALECTS[plan.dialect].job_types)
    return Target(kind=TargetKind.JOB_TYPE, name=job_type), ControlChange.PAUSE


def _target(rng: Random, plan: Plan) -> Target:
    names = {"rig": plan.miners} if plan.second is None else {"rig": plan.miners, "side": plan.second.miners}
    server = rng.choice(sorted(names))
    return rng.choice(
        (
            Target(kind=TargetKind.MINER, name=f"{server}-{rng.randrange(names[server])}"),
            Target(kind=TargetKind.TAG, name=rng.choice(TAGS)),
            Target(kind=TargetKind.SERVER, name=server),
            FARM,
        )
    )
