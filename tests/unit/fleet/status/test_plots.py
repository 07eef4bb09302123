"""Plots in plain text: scaled from zero, never wider than asked."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fleet.status.plots import bar, sparkline


def test_a_line_is_scaled_by_its_largest_value_and_blank_where_nothing_is() -> None:
    assert sparkline([0, 1, 4, 8], 10) == " ▂▅█"
    assert sparkline([Decimal(3)], 10) == "█"
    assert sparkline([0, 0], 10) == "  "
    assert sparkline([], 10) == ""


def test_more_values_than_columns_become_means() -> None:
    assert sparkline([8, 8, 4, 4, 0, 0], 3) == "█▅ "


def test_a_bar_has_eighths_of_a_column_and_shows_the_smallest_part() -> None:
    assert [bar(part, 8, 2) for part in (0, 0.01, 1, 3, 4, 8)] == ["", "▏", "▎", "▊", "█", "██"]
    assert bar(1, 0, 10) == ""


@given(st.lists(st.floats(0, 1e12), max_size=200), st.integers(0, 90))
def test_nothing_is_wider_than_asked(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) == min(len(values), width)
    top = max(values, default=0.0)
    assert all(len(bar(value, top, width)) <= width for value in values)
