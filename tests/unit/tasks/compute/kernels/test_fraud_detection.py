"""Fraud detection and the graph of payments, against plain Python and made cases."""

from __future__ import annotations

from math import exp, log, log1p
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.compute.kernels.draws import generator
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.fraud_detection import fraud_detection
from tasks.compute.kernels.payment_graph import fans, on_cycle
from tasks.compute.payloads.transactions import FraudDetection
from tests.support.by_loops import again

Transaction = tuple[float, str, str]


# Fraud


def fraud(*transactions: Transaction) -> dict[str, Any]:
    """The result for the transactions (amount, from, to)."""
    amounts, senders, receivers = zip(*transactions, strict=True) if transactions else ((), (), ())
    return fraud_detection(FraudDetection(amounts=amounts, senders=senders, receivers=receivers), again())


def reaches(edges: set[tuple[str, str]], start: str, end: str) -> bool:
    """Whether money can get from start to end, by trying all ways."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        address = ahead.pop()
        for sender, receiver in edges:
            if sender == address and receiver not in seen:
                seen.add(receiver)
                ahead.append(receiver)
    return end in seen


def expected_scores(transactions: list[Transaction]) -> list[float]:
    """The documented formula, term by term."""
    logs = [log1p(amount) for amount, _, _ in transactions]
    middle = median(logs)
    scale = max(1.4826 * median([abs(value - middle) for value in logs]), 0.1)
    edges = {(s, r) for _, s, r in transactions if s and r}
    scores = []
    for (amount, sender, receiver), value in zip(transactions, logs, strict=True):
        score = -4.0 + 0.8 * abs(value - middle) / scale
        score += 1.0 if amount > 0 and float(amount) % 100 == 0 else 0.0
        pairs = {(s, r) for _, s, r in transactions}
        if sender:
            score += 0.4 * log(sum(s == sender for _, s, _ in transactions))
            score += 0.7 * log(sum(s == sender for s, _ in pairs))
        if receiver:
            score += 0.7 * log(sum(r == receiver for _, r in pairs))
        if sender and sender == receiver:
            score += 3.0
        if sender and receiver and sender != receiver and reaches(edges, receiver, sender):
            score += 1.5
        scores.append(1 / (1 + exp(-score)))
    return scores


ADDRESSES = st.sampled_from(["", "a", "b", "c", "d", "e"])
AMOUNTS = st.one_of(
    st.floats(min_value=0, max_value=1e18),
    st.integers(min_value=0, max_value=10**18),
    st.sampled_from([0.0, 100, 2500.0]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(AMOUNTS, ADDRESSES, ADDRESSES), min_size=1, max_size=12))
def test_scores_are_those_of_the_documented_formula(transactions: list[Transaction]) -> None:
    result = fraud(*transactions)
    expected = expected_scores(transactions)
    assert result["score_max"] == pytest.approx(max(expected), rel=1e-9)
    assert result["score_mean"] == pytest.approx(sum(expected) / len(expected), rel=1e-9)
    sure = [index for index, score in enumerate(expected) if score >= 0.5 + 1e-9]
    perhaps = [index for index, score in enumerate(expected) if score >= 0.5 - 1e-9]
    assert set(sure) <= set(result["flagged"]) <= set(perhaps)
    assert result["analyzed"] == len(transactions)
    assert result["fraud_count"] == len(result["flagged"])
    assert result["synthetic"] is False


def chain(count: int) -> list[Transaction]:
    """Payments as the servers make them, a little uneven."""
    return [(5000.0 + 37.7 * (number % 7), f"addr_{number}", f"addr_{number + 1}") for number in range(count)]


def test_an_ordinary_chain_of_payments_is_not_flagged() -> None:
    assert fraud(*chain(20))["fraud_count"] == 0


@pytest.mark.parametrize(
    "odd", [(1e15, "addr_5", "addr_6"), (0.01, "addr_5", "addr_6"), (5000.0, "addr_5", "addr_5")], ids=str
)
def test_an_outlier_and_a_round_self_transfer_are_flagged(odd: Transaction) -> None:
    transactions = chain(20)
    transactions[5] = odd
    assert fraud(*transactions)["flagged"] == [5]


def test_a_hub_that_sprays_to_many_addresses_is_flagged() -> None:
    spray = [(5000.0 + number / 7, "hub", f"mule_{number}") for number in range(60)]
    result = fraud(*chain(20), *spray)
    assert result["flagged"] == list(range(20, 80))[:64]


def test_no_transactions_are_no_fraud() -> None:
    result = fraud()
    assert (result["analyzed"], result["fraud_count"], result["flagged"]) == (0, 0, [])
    assert (result["score_mean"], result["score_max"]) == (0.0, 0.0)
    assert result["results_hash"] == fingerprint("fraud_detection", np.zeros(0))


def test_the_scores_do_not_depend_on_the_job_and_the_flags_listed_are_at_most_64() -> None:
    transactions = [(1.0 if number % 2 else 1e17, f"a{number}", f"b{number}") for number in range(300)]
    amounts, senders, receivers = zip(*transactions, strict=True)
    payload = FraudDetection(amounts=amounts, senders=senders, receivers=receivers)
    assert fraud_detection(payload, generator(1)) == fraud_detection(payload, generator(2))
    self_payments = fraud(*[(100.0, "a", "a")] * 300)
    assert self_payments["fraud_count"] == 300
    assert len(self_payments["flagged"]) == 64


@pytest.mark.parametrize("count", [0, 1, 2, 20, 10_000])
def test_where_only_a_count_is_given_that_many_are_drawn(count: int) -> None:
    result = fraud_detection(FraudDetection(tx_count=count, synthetic=True), again())
    assert result["analyzed"] == count
    assert result["synthetic"] is True
    if count:
        other = fraud_detection(FraudDetection(tx_count=count, synthetic=True), generator(9))
        assert other["analyzed"] == count


# The graph of payments

EDGES = st.lists(st.tuples(ADDRESSES, ADDRESSES), max_size=14)


@given(EDGES)
def test_a_payment_lies_on_a_cycle_where_its_receiver_reaches_its_sender(pairs: list[tuple[str, str]]) -> None:
    edges = {(sender, receiver) for sender, receiver in pairs if sender and receiver}
    expected = [bool(s and r and s != r and reaches(edges, r, s)) for s, r in pairs]
    assert on_cycle([s for s, _ in pairs], [r for _, r in pairs]) == expected


@given(EDGES)
def test_fans_count_distinct_partners(pairs: list[tuple[str, str]]) -> None:
    out, into = fans(pairs)
    assert all(out[a] == len({r for s, r in pairs if s == a}) for a in "abcde")
    assert all(into[a] == len({s for s, r in pairs if r == a}) for a in "abcde")


def test_two_cycles_joined_by_a_payment_leave_that_payment_out() -> None:
    pairs = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "c"), ("d", "e")]
    assert on_cycle(*zip(*pairs, strict=True)) == [True, True, False, True, True, False]


def test_a_cycle_of_ten_thousand_addresses_is_found_without_recursion() -> None:
    addresses = [str(number) for number in range(10_000)]
    assert on_cycle(addresses, [*addresses[1:], "0"]) == [True] * 10_000
    assert on_cycle(addresses[:-1][::-1], addresses[1:][::-1]) == [False] * 9_999
