"""Before it starts, a farm says what the limit of requests carries, where that is less than is asked for."""

from __future__ import annotations

import pytest

from fleet.ratelimit.capacity import shortfall


@pytest.mark.parametrize("miners", [1, 40, 1250])
def test_a_farm_that_the_limit_carries_is_no_word_worth(miners: int) -> None:
    assert shortfall(miners=miners, limit=5000, window_s=60.0, heartbeat_s=30.0) == ""


@pytest.mark.parametrize(
    ("miners", "words"),
    [
        (
            100_000,
            (
                "100000 miners are too many for 5000 requests in 60 s: their heartbeats alone need 200000; "
                "2500 sessions can be kept, and 1250 miners can do a job a minute each"
            ),
        ),
        (
            2_000,
            (
                "2000 miners are too many for 5000 requests in 60 s: besides their heartbeats, 500 jobs a minute "
                "in all are possible; 1250 miners can do a job a minute each"
            ),
        ),
    ],
)
def test_more_than_that_is_said_with_what_it_carries(miners: int, words: str) -> None:
    assert shortfall(miners=miners, limit=5000, window_s=60.0, heartbeat_s=30.0) == words


def test_a_larger_budget_carries_more() -> None:
    assert shortfall(miners=100_000, limit=500_000, window_s=60.0, heartbeat_s=30.0) == ""
