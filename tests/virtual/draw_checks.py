"""Draws hosts of which one computes wrongly, from a generator of their own: plans without any stay as they were."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.virtual.plan import Plan


def with_checks(plan: Plan) -> Plan:
    """In a quarter of the schedules at one server, two to four hosts; the first one's results are wrong at times.

    No result lacks what a server requires there: such a result is drawn to be checked, and then is none.
    """
    rng = Random(f"checks {plan.seed}")
    if plan.second is not None or rng.random() >= 1 / 4:
        return plan
    hosts = max(rng.randint(2, 4), plan.hosts)
    return replace(
        plan,
        hosts=hosts,
        workers=max(plan.workers, hosts),
        wrong_rate=rng.choice((0.05, 0.3, 1.0)),
        checked_share=rng.choice((0.02, 0.5, 1.0)),
        checked_at_once=rng.choice((1, 2, 10)),
        flawed_rate=0.0,
    )
