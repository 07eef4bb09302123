"""Amounts for people: six decimals at most, aligned at the point, and never a zero that is none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.money.readable import aligned, gained, is_rounded, readable, reading_order


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("283.7011904761904764", "283.70119"),
        ("36", "36"),
        ("26.500", "26.5"),
        ("0", "0"),
        ("0E+3", "0"),
        ("1E+3", "1000"),
        ("3E-16", "<0.000001"),
        ("-3E-16", ">-0.000001"),
        ("0.000001", "0.000001"),
        ("-0.2500004", "-0.25"),
        ("123456789012345678901234567890.1234567", "123456789012345678901234567890.123457"),
    ],
)
def test_an_amount_has_six_decimals_at_most_and_only_zero_is_shown_as_zero(amount: str, shown: str) -> None:
    assert readable(Decimal(amount)) == shown
    assert is_rounded(Decimal(amount)) == (Decimal(amount) != Decimal(readable(Decimal(amount)).strip("<>")))


def test_an_exact_amount_keeps_each_digit_and_has_no_exponent() -> None:
    assert readable(Decimal("26.500"), exact=True) == "26.500"
    assert readable(Decimal("3E-16"), exact=True) == "0.0000000000000003"


def test_a_column_has_its_points_below_each_other_and_says_what_was_not_stated() -> None:
    column = aligned([Decimal("26.5"), Decimal("30.8333333333333335"), None, 36, Decimal("3E-16")])
    width = max(map(len, column))
    lines = [text.rjust(width) for text in column]
    assert lines == [" 26.5     ", " 30.833333", "not stated", " 36       ", " <0.000001"]


def test_names_with_numbers_stand_in_the_order_of_the_numbers() -> None:
    names = ["miner-10", "miner-2", "rig", "miner-100", "attic-9", "miner-02b"]
    assert sorted(names, key=reading_order) == ["attic-9", "miner-2", "miner-02b", "miner-10", "miner-100", "rig"]


def test_a_gain_has_its_sign() -> None:
    assert [gained(Decimal(amount)) for amount in ("10.750", "0", "-0.5")] == ["+10.75", "+0", "-0.5"]
