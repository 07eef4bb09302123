"""The rules by which money is told apart: float sums, session sums, the governor's spending."""

from __future__ import annotations

import random
from collections import deque
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.backoff import Backoff
from fleet.budget import Governor
from fleet.calls import Urgency
from fleet.income import heartbeat_income, same

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


class Address:
    """A server's own count of one address in a sliding window (PROTOCOL, surprise 5)."""

    def __init__(self, requests: int, window_s: float) -> None:
        self._requests, self._window_s = requests, window_s
        self._seen: deque[float] = deque()

    def takes(self, now: float) -> bool:
        while self._seen and self._seen[0] <= now - self._window_s:
            self._seen.popleft()
        if len(self._seen) >= self._requests:
            return False
        self._seen.append(now)
        return True


def governed(governor: Governor, address: Address, seconds: float, urgency: Urgency = Urgency.FETCH) -> tuple[int, int]:
    """Requests served and refused when as many are sent as the governor allows, every 10 ms."""
    served = refused = 0
    for step in range(int(seconds * 100)):
        now = step / 100
        while governor.free_at(urgency, 0, now) <= now:
            governor.sent(now)
            if address.takes(now):
                served += 1
                governor.answered()
            else:
                refused += 1
                governor.rate_limited(None, now)
                break
    return served, refused


def test_a_limit_that_is_known_is_never_exceeded_and_nearly_used_up() -> None:
    governor = Governor(requests=500, window_s=10, miners=10, heartbeat_s=30)
    served, refused = governed(governor, Address(500, 10), 60)
    assert refused == 0
    assert served > 0.95 * 500 * 6


def test_a_lower_limit_is_learnt_from_its_refusals() -> None:
    governor = Governor(requests=500, window_s=10, miners=1, heartbeat_s=30)
    served, refused = governed(governor, Address(300, 10), 120)
    assert refused <= 24, "two a window at most"
    assert served > 0.8 * 300 * 12


def test_heartbeats_have_room_when_fetches_have_none() -> None:
    governor = Governor(requests=100, window_s=60, miners=10, heartbeat_s=30)
    while governor.free_at(Urgency.FETCH, 5, 1.0) <= 1.0:
        governor.sent(1.0)
    assert governor.used(1.0) == 100 - 20 - 5
    for urgency in (Urgency.HEARTBEAT, Urgency.SUBMISSION):
        assert governor.free_at(urgency, 5, 1.0) <= 1.0


def test_a_wish_of_the_server_to_wait_is_kept() -> None:
    governor = Governor(requests=100, window_s=60, miners=1, heartbeat_s=30)
    governor.sent(0.0)
    governor.rate_limited(7.0, 0.0)
    assert governor.free_at(Urgency.HEARTBEAT, 0, 6.9) > 6.9


@pytest.mark.parametrize("failures", [1, 2, 5, 40, 10_000])
def test_a_wait_lies_between_half_the_floor_and_the_cap(failures: int) -> None:
    rng = random.Random(failures)
    waits = [Backoff(floor_s=1, cap_s=60).delay_s(failures, rng) for _ in range(100)]
    assert min(waits) >= 0.5
    assert max(waits) <= 60
    assert len(set(waits)) > 50, "jitter"
