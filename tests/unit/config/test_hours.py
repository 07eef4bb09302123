"""Parts of the week in settings."""

from __future__ import annotations

import pytest

from config.hours import longest_min, window_of


@pytest.mark.parametrize(
    ("text", "weekday", "minute", "held"),
    [
        ("08:00-12:00", 6, 8 * 60, True),
        ("08:00-12:00", 6, 12 * 60, False),
        ("mon-fri 22:00-06:00", 4, 23 * 60, True),
        ("mon-fri 22:00-06:00", 5, 5 * 60 + 59, True),
        ("mon-fri 22:00-06:00", 5, 22 * 60, False),
        ("mon-fri 22:00-06:00", 0, 60, False),
        ("sun 22:00-06:00", 0, 60, True),
        ("fri-mon 00:00-24:00", 0, 1439, True),
        ("fri-mon 00:00-24:00", 1, 0, False),
        ("SAT 9:30-10:00", 5, 9 * 60 + 30, True),
    ],
)
def test_a_part_of_the_week_holds_the_minutes_that_it_names(text: str, weekday: int, minute: int, held: bool) -> None:
    assert window_of(text).holds(weekday, minute) is held


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("night", "is not a part of the week; write mon-fri 22:00-06:00"),
        ("mon-fri", "is not a part of the week"),
        ("25:00-26:00", "is not a part of the week"),
        ("sat 10:00-10:00", "so it lets nothing run; write 00:00-24:00"),
    ],
)
def test_what_is_no_part_of_the_week_is_refused_with_the_right_form(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        window_of(text)


@pytest.mark.parametrize(
    ("texts", "minutes"),
    [
        ([], 0),
        (["08:00-12:00", "11:00-13:00"], 300),
        (["sun 22:00-06:00", "mon 06:00-07:00"], 540),
        (["mon-fri 00:00-24:00", "sun 12:00-24:00"], 5 * 1440 + 720),
        (["00:00-24:00"], 7 * 1440),
    ],
)
def test_the_longest_part_joins_windows_that_meet_over_the_end_of_the_week_too(texts: list[str], minutes: int) -> None:
    assert longest_min([window_of(text) for text in texts]) == minutes
