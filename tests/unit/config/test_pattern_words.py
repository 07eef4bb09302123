"""Tests for `config.pattern_words`."""

from __future__ import annotations

import pytest

from config.pattern_words import in_words


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"^[A-Za-z0-9._-]{1,40}$", "must be 1 to 40 letters from A to Z, digits, '.', '_' and '-'"),
        (r"^[A-Za-z]{1,8}$", "must be 1 to 8 letters from A to Z"),
        (r"^\S{1,200}$", "must be 1 to 200 characters without spaces"),
        (r"^\d\d:\d\d$", r"must match the pattern ^\d\d:\d\d$"),
    ],
)
def test_a_class_of_characters_is_named_and_another_pattern_shown(pattern: str, words: str) -> None:
    assert in_words(pattern) == words
