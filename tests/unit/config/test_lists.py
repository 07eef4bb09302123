"""Lists in one text."""

from __future__ import annotations

import pytest

from config.lists import split_list


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("", []),
        ("a.example.com", ["a.example.com"]),
        (" mon 08:00-12:00 , tue 09:00-10:00,", ["mon 08:00-12:00", "tue 09:00-10:00"]),
        (' ["a, b", "c"]', ["a, b", "c"]),
        (("a", "b"), ("a", "b")),
        (7, 7),
    ],
)
def test_a_list_is_read_from_json_or_from_parts_separated_by_commas(value: object, parts: object) -> None:
    assert split_list(value) == parts


def test_a_text_that_only_begins_as_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        split_list('["a"')
