"""Quiet hours reach over midnight, and texts that are no times are errors."""

from __future__ import annotations

from datetime import datetime

import pytest

from fleet.alerts.schedule import Quiet, minute_of


@pytest.mark.parametrize(
    ("text", "at", "quiet"),
    [
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "03:00", True),
        ("22:00-07:00", "07:00", False),
        ("12:00-13:00", "12:59", True),
        ("12:00-13:00", "13:00", False),
        ("", "12:00", False),
        ("7:00-7:00", "07:00", False),
    ],
)
def test_a_moment_is_quiet_from_the_first_minute_to_before_the_last(text: str, at: str, quiet: bool) -> None:
    assert Quiet.of(text).holds(datetime.fromisoformat(f"2026-11-26T{at}")) is quiet


@pytest.mark.parametrize("text", ["24:00", "7", "07:60", "7pm", "-1:00", ""])
def test_what_is_no_time_of_the_day_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time of the day"):
        minute_of(text)
