"""What a reload says of a changed setting."""

from __future__ import annotations

from typing import Any

import pytest

from config.changes import changes
from config.settings import Settings
from fleet.coordinator.reload.change_words import line_of

A = {"name": "a", "url": "https://a.example.com", "proxy": "http://user:geheim@proxy.lan:3128"}
B = {"name": "b", "url": "https://b.example.com"}
_RESTART = "; needs a restart of the coordinator"


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"drain_s": 20.0}, {"drain_s": 33.0}, "drain_s: 20.0 → 33.0"),
        ({}, {"schedule": {"hours": ["sat 00:00-24:00"]}}, f"schedule.hours: none → sat 00:00-24:00{_RESTART}"),
        ({"id": f"neo1{'a' * 40}"}, {"id": f"neo1{'b' * 40}"}, "id: neo1..aaaa → neo1..bbbb"),
        ({}, {"miner_prefix": "a-long-prefix-of-ids-that-nobody-guesses"}, "miner_prefix: unset → a-lo.."),
        (
            {"http": {"proxy": "http://u:geheim@h:1"}},
            {"http": {"proxy": "http://h:1"}},
            f"http.proxy: changed{_RESTART}",
        ),
        ({"server": "https://a.example.com"}, {"server": [A, B]}, f"server: https://a.example.com → a, b{_RESTART}"),
    ],
)
def test_values_are_shown_unless_they_are_secret_or_long(
    before: dict[str, Any], after: dict[str, Any], line: str
) -> None:
    assert line in map(line_of, changes(Settings(**before), Settings(**after)))
