"""The balance in an answer: read exactly where it is valid, left out where it is not; a payment counts either way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fleet.server import protocol

RECEIPT: dict[str, Any] = {"success": True, "reward": 0.1, "total_rewards": 0.3}
PAGE: dict[str, Any] = {"contributor": {"total_rewards": 0.3}}


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        (0.30000000000000004, Decimal("0.30000000000000004")),
        (0, Decimal(0)),
        (1e9, Decimal(10**9)),
        (-0.5, None),
        (1.1e9, None),
        (10**400, None),
        ("0.3", None),
        (True, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_balance_is_exact_or_left_out(stated: object, read: Decimal | None) -> None:
    receipt = protocol.parse_receipt(RECEIPT | {"balance": stated})
    assert (receipt.balance, receipt.reward) == (read, Decimal("0.1"))
    assert protocol.parse_totals(PAGE | {"balance": stated}).balance == read


def test_an_answer_without_a_balance_states_none() -> None:
    assert protocol.parse_receipt(RECEIPT).balance is None
    assert protocol.parse_totals(PAGE).balance is None
