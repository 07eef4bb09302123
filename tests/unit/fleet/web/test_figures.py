"""Figures are grouped, aligned and rounded for people, and an unknown one is never shown as zero."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.web import figures


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "not stated"),
        (Decimal(0), "0"),
        (Decimal("1234567.891"), "1,234,567.891"),
        (Decimal("0.0000001"), "<0.000001"),
        (Decimal("-1234.5"), "-1,234.5"),
        (Decimal("112.345678901"), "112.345679"),
    ],
)
def test_an_amount_has_six_decimals_at_most_and_grouped_thousands(amount: Decimal | None, text: str) -> None:
    assert figures.nnet(amount) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2.5e10, "25,000,000,000"), (1250.0, "1,250"), (12.5, "12.5"), (0.1, "0.1"), (2e-6, "0.000002"), (0.0, "0")],
)
def test_a_number_beside_an_axis_is_written_out(value: float, shown: str) -> None:
    assert figures.axis(value) == shown


def test_the_cells_of_a_column_have_their_points_below_each_other() -> None:
    cells = figures.nnet_column([Decimal("1.25"), Decimal(1000), None, Decimal("0.0000001")])
    assert [cell.replace("\u2007", "_").replace("\u2008", ".") for cell in cells] == [
        "1.25____",
        "1,000.______",
        "–",
        "&lt;0.000001",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0"), (16, "16.00"), (0.00012345, "0.0001234"), (123_456.7, "123,457")]
)
def test_an_estimate_has_four_digits(value: float | None, text: str) -> None:
    assert figures.estimate(value) == text


@pytest.mark.parametrize(
    ("ms", "text"), [(None, "never"), (10_000, "now"), (11_000, "now"), (7_000, "3 s ago"), (-7_190_000, "2 h ago")]
)
def test_a_moment_in_the_future_as_after_a_jump_of_the_clock_is_now(ms: int | None, text: str) -> None:
    assert figures.ago(ms, 10_000) == text
