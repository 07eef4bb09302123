"""The rules by which money is told apart: float sums, session sums, waits."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.miner.backoff import Backoff
from fleet.money.float_sums import heartbeat_income, same
from fleet.money.session_sum import SessionSum

REWARDS = st.floats(min_value=0.001, max_value=10, allow_nan=False)


@given(amounts=st.lists(REWARDS, min_size=1, max_size=300))
def test_a_servers_float_sum_is_the_same_money_as_the_exact_one(amounts: list[float]) -> None:
    stated = 0.0
    for amount in amounts:
        stated += amount
    exact = sum((Decimal(repr(amount)) for amount in amounts), Decimal(0))
    assert same(Decimal(repr(stated)), exact, len(amounts))


@given(amounts=st.lists(REWARDS, min_size=2, max_size=300), missing=st.integers(0, 10_000))
def test_a_payment_that_is_missing_is_never_taken_for_rounding(amounts: list[float], missing: int) -> None:
    lost = amounts[missing % len(amounts)]
    exact = sum((Decimal(repr(amount)) for amount in amounts), Decimal(0))
    assert not same(exact - Decimal(repr(lost)), exact, len(amounts))


@given(
    confirmed=REWARDS, unconfirmed=st.lists(st.sampled_from([0.3, 0.5, 0.8]), max_size=6), counted=st.integers(0, 63)
)
def test_unconfirmed_payments_that_the_sum_counts_are_not_booked_twice(
    confirmed: float, unconfirmed: list[float], counted: int
) -> None:
    base = Decimal(repr(confirmed))
    amounts = [Decimal(repr(amount)) for amount in unconfirmed]
    part = sum((amount for i, amount in enumerate(amounts) if counted >> i & 1), Decimal(0))
    income = heartbeat_income(stated=base + part, confirmed=base, unconfirmed=amounts, payments=9)
    assert income.reward == 0
    assert sum((amounts[i] for i in income.confirmed), Decimal(0)) == part


def test_what_no_payment_explains_is_the_heartbeats_own() -> None:
    income = heartbeat_income(
        stated=Decimal("0.4182786000934555"),
        confirmed=Decimal(0),
        unconfirmed=[Decimal("0.3"), Decimal("1.0")],
        payments=2,
    )
    assert income.reward == Decimal("0.4182786000934555")
    assert income.confirmed == ()


def test_a_sum_that_fell_short_is_said_and_not_booked() -> None:
    income = heartbeat_income(stated=Decimal("0.5"), confirmed=Decimal("0.8"), unconfirmed=[], payments=2)
    assert income.shortfall == Decimal("0.3")
    assert income.reward == 0


def test_a_sum_that_lagged_once_is_not_booked_again_when_it_catches_up() -> None:
    session = SessionSum(Decimal(1))
    session.expect("job", Decimal("0.3"), confirmed=True)
    lagging = session.weigh(Decimal(1), 2)
    assert lagging is not None
    assert lagging.income.shortfall == Decimal("0.3")
    assert session.weigh(Decimal("1.3"), 2) is None, "it is learnt, and explains nothing"
    later = session.weigh(Decimal("1.4"), 3)
    assert later is not None
    assert later.income.reward == Decimal("0.1")


@pytest.mark.parametrize("failures", [1, 2, 5, 40, 10_000])
def test_a_wait_lies_between_the_floor_and_the_cap(failures: int) -> None:
    rng = random.Random(failures)
    waits = [Backoff(floor_s=1, cap_s=60).delay_s(failures, rng) for _ in range(100)]
    assert min(waits) >= 1
    assert max(waits) <= 60
    assert len(set(waits)) > 50, "jitter"
