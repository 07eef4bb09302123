"""Durations as people write them, and the one sentence for what is none."""

from __future__ import annotations

import click
import pytest

from fleet.commands.arguments.durations import DURATION


@pytest.mark.parametrize(
    ("text", "expected_s"),
    [
        ("90", 90.0),
        ("0.5", 0.5),
        ("90s", 90.0),
        ("5m", 300.0),
        ("2h", 7_200.0),
        ("1d", 86_400.0),
        ("1h30m", 5_400.0),
        ("1h30s", 3_630.0),
        ("1d2h3m4.5s", 93_784.5),
        (" 1h30m ", 5_400.0),
        ("365d", 31_536_000.0),
    ],
)
def test_a_duration_is_read(text: str, expected_s: float) -> None:
    assert DURATION.convert(text, None, None) == expected_s


@pytest.mark.parametrize(
    "text",
    ["x", "", "soon", "-5s", "nan", "1e3", "0", "0s", "0h0m", "30m1h", "1h1h", "1h30", "h", "5 m", "1.5.5s"],
)
def test_anything_else_is_no_duration_and_the_error_shows_one(text: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        DURATION.convert(text, None, None)
    assert refused.value.message == f"{text!r} is not a duration; try 90s, 5m or 1h30m"


@pytest.mark.parametrize("text", ["366d", "8761h", "99999999999999999999"])
def test_more_than_a_year_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="longer than a year"):
        DURATION.convert(text, None, None)
