"""The limit of requests, by address."""

from __future__ import annotations

from fleet.simulator.ratelimit import RateLimit, SlidingWindow


def test_the_window_slides_and_refused_requests_take_no_place() -> None:
    window = SlidingWindow(RateLimit(requests=2, window_s=10))
    times = (0.0, 1.0, 2.0, 9.9, 10.0, 10.5, 11.0, 11.1)
    assert [window.admit("a", at) for at in times] == [True, True, False, False, True, False, True, False]


def test_each_address_has_a_window_of_its_own() -> None:
    window = SlidingWindow(RateLimit(requests=1, window_s=10))
    assert [window.admit(address, 0.0) for address in ("a", "b", "a")] == [True, True, False]
    assert window.used(5.0) == 1.0
    assert window.used(50.0) == 0.0


def test_no_limit_admits_everything() -> None:
    window = SlidingWindow(RateLimit(requests=0))
    assert all(window.admit("a", 0.0) for _ in range(10_000))
