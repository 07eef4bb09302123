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
                "100000 miners on a limit of 5000 requests in 60 s: their heartbeats alone are 200000; it keeps 2500 "
                "sessions alive, and it has room for 1250 that do a job a minute each"
            ),
        ),
        (
            2_000,
            (
                "2000 miners on a limit of 5000 requests in 60 s: beside their heartbeats it has room for 500 jobs a "
                "minute in all; it has room for 1250 that do a job a minute each"
            ),
        ),
    ],
)
def test_more_than_that_is_said_with_what_it_carries(miners: int, words: str) -> None:
    assert shortfall(miners=miners, limit=5000, window_s=60.0, heartbeat_s=30.0) == words


def test_a_larger_budget_carries_more() -> None:
    assert shortfall(miners=100_000, limit=500_000, window_s=60.0, heartbeat_s=30.0) == ""
