"""Kernels that look at what they are given, against plain Python and made cases."""

from __future__ import annotations

from itertools import pairwise
from math import exp, log, log1p
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator

from tasks.compute.digest import canonical, digest, seed
from tasks.compute.kernels.data_validation import REASONS, checks, checksums, data_validation, drawn_records
from tasks.compute.kernels.draws import generator
from tasks.compute.kernels.fingerprint import fingerprint
from tasks.compute.kernels.fraud_detection import fraud_detection
from tasks.compute.kernels.network_protection import network_protection
from tasks.compute.kernels.payment_graph import fans, on_cycle
from tasks.compute.payloads.blocks import NetworkProtection
from tasks.compute.payloads.records import DataValidation
from tasks.compute.payloads.transactions import FraudDetection

Transaction = tuple[float, str, str]


def rng() -> Generator:
    """A generator in one known state."""
    return generator(seed("a job"))


# Fraud


def fraud(*transactions: Transaction) -> dict[str, Any]:
    """The result for the transactions (amount, from, to)."""
    amounts, senders, receivers = zip(*transactions, strict=True) if transactions else ((), (), ())
    return fraud_detection(FraudDetection(amounts=amounts, senders=senders, receivers=receivers), rng())


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
    result = fraud_detection(FraudDetection(tx_count=count, synthetic=True), rng())
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


# Blocks


def blocks(*given: tuple[int | None, str]) -> dict[str, Any]:
    """The result for the blocks (height, hash)."""
    heights, hashes = zip(*given, strict=True) if given else ((), ())
    return network_protection(NetworkProtection(heights=heights, hashes=hashes), rng())


def wrong(result: dict[str, Any]) -> dict[int, list[str]]:
    """Reasons by index."""
    return {block["index"]: block["reasons"] for block in result["invalid"]}


def test_blocks_as_the_servers_send_them_are_valid() -> None:
    given = [(0, "2c4598e3-ae22-41"), (1, "bf7e49df-a7fd-40"), (2, "bd806634-75eb-4e")]
    result = blocks(*given)
    assert (result["blocks_validated"], result["blocks_checked"], result["invalid"]) == (3, 3, [])
    heights, hashes = zip(*given, strict=True)
    assert result["chain_hash"] == digest("network_protection", canonical([heights, hashes]))
    assert result["synthetic"] is False


@pytest.mark.parametrize(
    ("second", "reasons"),
    [
        ((8, "aaaaaaab"), []),
        ((8, "0xAAAAAAAB"), []),
        ((8, "a" * 128), []),
        ((9, "aaaaaaab"), ["height_gap"]),
        ((6, "aaaaaaab"), ["height_gap"]),
        ((7, "aaaaaaab"), ["height_gap", "duplicate_height"]),
        ((None, "aaaaaaab"), ["missing_height"]),
        ((8, "aaaaaaaa"), ["duplicate_hash"]),
        ((8, "AAAAAAAA"), ["duplicate_hash"]),
        ((8, ""), ["malformed_hash"]),
        ((8, "aaaaaaa"), ["malformed_hash"]),
        ((8, "aaaaaaag"), ["malformed_hash"]),
        ((8, "aaaaaaab\n"), ["malformed_hash"]),
        ((8, "-aaaaaaab"), ["malformed_hash"]),
        ((8, "aaaa--aaab"), ["malformed_hash"]),
        ((8, "aaaaaaa\u0663"), ["malformed_hash"]),
        ((8, "\ud800aaaaaaaa"), ["malformed_hash"]),
        ((9, "zz"), ["height_gap", "malformed_hash"]),
    ],
)
def test_what_is_wrong_with_a_block_is_named(second: tuple[int | None, str], reasons: list[str]) -> None:
    result = blocks((7, "aaaaaaaa"), second)
    assert wrong(result) == ({1: reasons} if reasons else {})
    assert result["blocks_validated"] == 2 - bool(reasons)
    assert result["invalid_count"] == bool(reasons)


def test_one_gap_spoils_one_block_and_a_block_without_height_spoils_no_other() -> None:
    given: list[tuple[int | None, str]] = [(5, "a" * 8), (9, "b" * 8), (10, "c" * 8), (None, "d" * 8), (40, "e" * 8)]
    assert wrong(blocks(*given)) == {1: ["height_gap"], 3: ["missing_height"]}


def test_no_blocks_validate_as_none_and_many_bad_ones_are_listed_in_part() -> None:
    assert blocks()["blocks_validated"] == 0
    result = blocks(*[(3, "same-hash")] * 1000)
    assert (result["blocks_validated"], result["invalid_count"], len(result["invalid"])) == (0, 1000, 16)


def test_the_largest_heights_are_checked_exactly() -> None:
    assert wrong(blocks((2**63 - 3, "a" * 8), (2**63 - 2, "b" * 8), (2**63 - 1, "c" * 8))) == {}
    assert wrong(blocks((2**62, "a" * 8), (2**62 + 2, "b" * 8))) == {1: ["height_gap"]}


@pytest.mark.parametrize("block_range", [(0, 0), (3, 12), (2**63 - 10, 2**63 - 1), (0, 9_999)])
def test_where_only_a_range_is_given_its_blocks_are_drawn(block_range: tuple[int, int]) -> None:
    result = network_protection(NetworkProtection(block_range=block_range), rng())
    count = block_range[1] - block_range[0] + 1
    assert (result["blocks_validated"], result["blocks_checked"], result["synthetic"]) == (count, count, True)
    other = network_protection(NetworkProtection(block_range=block_range), generator(3))
    assert other["chain_hash"] != result["chain_hash"]


# Records


@pytest.mark.parametrize("count", [1, 2, 100, 500, 20_000])
@pytest.mark.parametrize("job", [1, 2, 3])
def test_the_checks_find_exactly_the_records_that_were_corrupted(count: int, job: int) -> None:
    records, corruption = drawn_records(count, generator(job))
    failed = checks(records)
    for number in range(len(REASONS)):
        np.testing.assert_array_equal(failed[number], corruption == number, err_msg=REASONS[number])


def test_every_kind_of_corruption_is_drawn_at_about_its_rate() -> None:
    _, corruption = drawn_records(100_000, rng())
    for number in range(len(REASONS)):
        assert np.count_nonzero(corruption == number) == pytest.approx(100_000 / 160, rel=0.2)


def test_the_score_is_the_share_of_records_that_pass() -> None:
    result: dict[str, Any] = data_validation(DataValidation(records=5000), rng())
    _, corruption = drawn_records(5000, rng())
    failures = int(np.count_nonzero(corruption >= 0))
    assert result["integrity_score"] == (5000 - failures) / 5000
    assert (result["records_failed"], result["records_checked"]) == (failures, 5000)
    assert sum(result["failed_by"].values()) == failures
    assert result["synthetic"] is True


def test_no_records_are_whole() -> None:
    result: dict[str, Any] = data_validation(DataValidation(records=0), rng())
    assert (result["integrity_score"], result["records_failed"]) == (1.0, 0)


def test_checksums_are_those_of_python_integers() -> None:
    records, corruption = drawn_records(50, rng())
    mix = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
    for index in range(50):
        bits = int.from_bytes(records.amount[index].tobytes(), "little")
        state = int(records.sequence[index]) * mix[0] % 2**64 ^ int(records.time[index])
        state = (state * mix[1] % 2**64 ^ bits) * mix[2] % 2**64 ^ int(records.account[index])
        state = state * mix[0] % 2**64
        assert (state ^ state >> 32 == int(records.checksum[index])) == (corruption[index] != 0)


@pytest.mark.parametrize("column", ["sequence", "time", "amount", "account"])
@pytest.mark.parametrize("bit", [0, 31, 63])
def test_a_flipped_bit_in_any_column_changes_the_checksum(column: str, bit: int) -> None:
    records, _ = drawn_records(64, rng())
    columns = {name: getattr(records, name).copy() for name in ("sequence", "time", "amount", "account")}
    before = checksums(**columns)
    columns[column].view(np.uint64)[:] ^= np.uint64(1 << bit)
    assert not np.any(checksums(**columns) == before)


def test_drawn_records_rise_in_time_and_sequence_where_they_are_whole() -> None:
    records, corruption = drawn_records(3000, rng())
    whole = corruption == -1
    assert all(a <= b for a, b in pairwise(records.time[whole].tolist()))
    assert all(a < b for a, b in pairwise(records.sequence[whole].tolist()))
    assert np.isfinite(records.amount[whole]).all()
