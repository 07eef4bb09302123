"""How much the governor remembers: enough for every window that it may have to tell, and never without bound."""

from __future__ import annotations

import tracemalloc

import pytest

from fleet.domain.calls import Urgency
from fleet.ratelimit.governor import Governor


def governor(requests: int, window_s: float = 60.0) -> Governor:
    return Governor(requests=requests, window_s=window_s, miners=200, heartbeat_s=30.0)


def busy(one: Governor, rate: float, seconds: float, since: float = 0.0) -> float:
    """`rate` requests a second whose answers tell nothing; when the last one was sent."""
    now = since
    for number in range(int(rate * seconds)):
        now = since + number / rate
        one.sent(now, awaited=False)
    return now


def test_memory_does_not_grow_with_the_requests() -> None:
    one = governor(10_000_000)
    tracemalloc.start()
    try:
        now = busy(one, 2_000, 300)
        half = tracemalloc.get_traced_memory()[0]
        busy(one, 2_000, 300, since=now)
        whole = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert whole < 8 * 2**20
    assert whole < half + 2**20


def test_what_is_forgotten_is_never_within_the_believed_window() -> None:
    one = governor(900_000, window_s=300.0)
    now = busy(one, 2_500, 350)
    # the window is counted longer by half a per cent and 20 ms
    assert one.used(now) == pytest.approx(2_500 * 301.52, rel=1e-3)
    assert one.free_at(Urgency.SUBMISSION, 0, now) <= now


@pytest.mark.parametrize("window_s", [60.0, 900.0, 7_200.0, 86_400.0])
def test_a_window_of_any_length_is_kept_to(window_s: float) -> None:
    one = governor(100, window_s)
    sent: list[float] = []
    now = 0.0
    while now < 3 * window_s:
        free_at = one.free_at(Urgency.SUBMISSION, 0, now)
        if free_at <= now:
            one.sent(now)
            one.answered(now, now, now)
            sent.append(now)
            now += window_s / 1_000
        else:
            now = free_at
    assert all(later - first > window_s for first, later in zip(sent, sent[100:], strict=False))


def test_a_refusal_after_very_many_requests_teaches_no_window_that_was_not_counted() -> None:
    one = governor(10_000_000)
    now = busy(one, 2_000, 600)
    one.sent(now)
    one.rate_limited(None, now, now)
    # the shortest that is possible is tried; none beyond the memory may be believed
    for _ in range(200):
        now = max(one.free_at(Urgency.SUBMISSION, 0, now), now)
        one.sent(now)
        one.rate_limited(None, now, now)
    assert one.window_s <= 300
