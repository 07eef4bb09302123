"""Each queue's jobs are held back for themselves, and leave together in the order in which they came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.broker.holding import Holding
from fleet.domain.effects import Dispatch
from tests.support.workers import job

NOW = 1_000.0


def held(number: int, hold_s: float) -> Dispatch:
    return replace(job(f"job-{number}", {}), hold_s=hold_s)


def test_the_jobs_of_a_queue_leave_together_when_the_first_is_due() -> None:
    holding, orders = Holding(most=10), [held(number, 0.1) for number in range(3)]
    assert not holding
    assert holding.due_in(NOW) == float("inf")
    for number, order in enumerate(orders):
        holding.add(order, "light", NOW + number / 100)
    assert holding.due_in(NOW + 0.06) == pytest.approx(0.04)
    assert holding.due(NOW + 0.09) == []
    assert holding.due_in(NOW + 0.2) == 0.0
    assert holding.due(NOW + 0.1) == orders
    assert not holding


def test_a_rare_queue_waits_longer_than_a_busy_one() -> None:
    holding, rare, busy, later = Holding(most=10), held(0, 0.5), held(1, 0.1), held(2, 0.1)
    holding.add(rare, "rare", NOW)
    holding.add(busy, "busy", NOW)
    assert holding.due(NOW + 0.2) == [busy]
    holding.add(later, "rare", NOW + 0.2)
    assert holding.due(NOW + 0.31) == [rare, later], "what is due sooner takes the others of its queue along"


def test_a_job_that_is_not_to_be_held_is_due_at_once() -> None:
    holding, first, second = Holding(most=10), held(0, 1.0), held(1, 0.0)
    holding.add(first, "light", NOW)
    holding.add(second, "light", NOW)
    assert holding.due(NOW) == [first, second]


def test_a_full_queue_is_held_back_no_longer() -> None:
    holding, orders = Holding(most=3), [held(number, 9.0) for number in range(3)]
    for order in orders[:2]:
        holding.add(order, "light", NOW)
    assert holding.due(NOW) == []
    holding.add(orders[2], "light", NOW)
    assert holding.due(NOW) == orders


def test_at_the_end_all_leave() -> None:
    holding, orders = Holding(most=3), [held(number, 9.0) for number in range(2)]
    for order, queue in zip(orders, ("light", "heavy"), strict=True):
        holding.add(order, queue, NOW)
    assert holding.due(float("inf")) == orders
    assert not holding
