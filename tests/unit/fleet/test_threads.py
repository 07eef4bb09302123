"""A thread that stands still or ends is found and named."""

from __future__ import annotations

import threading
import time

import pytest

from fleet.errors import ThreadEnded
from fleet.threads import Progress, RepeatingThread, StuckThreadDetector, WatchedThread


def test_the_thread_that_stands_still_is_named_and_the_patience_of_each_counts() -> None:
    quick, slow = Progress("quick", 10.0), Progress("slow", 30.0)
    detector = StuckThreadDetector([quick, slow], 5.0)
    for _ in range(6):
        quick.beat()
        assert detector.check() is None
    assert detector.check() == "the coordinator's thread 'slow' has hung for 35 s"
    slow.beat()
    assert detector.check() is None
    assert detector.check() == "the coordinator's thread 'quick' has hung for 15 s"


def test_an_unexpected_end_of_a_thread_is_raised_with_its_cause() -> None:
    def fail(_progress: Progress) -> None:
        raise ZeroDivisionError("nobody caught this")

    thread = WatchedThread("dispatcher", fail, patience_s=1.0)
    thread.start()
    thread.join()
    with pytest.raises(ThreadEnded, match="'dispatcher' ended with ZeroDivisionError") as caught:
        thread.check()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_thread_that_returns_is_as_lost_as_one_that_raises() -> None:
    thread = WatchedThread("intake", lambda _progress: None, patience_s=1.0)
    thread.start()
    thread.join()
    with pytest.raises(ThreadEnded, match="'intake' ended without an error"):
        thread.check()


def test_a_thread_that_works_is_no_error() -> None:
    go_on = threading.Event()

    def work(progress: Progress) -> None:
        progress.beat()
        go_on.wait()

    thread = WatchedThread("transport", work, patience_s=60.0)
    thread.start()
    thread.check()
    assert thread.progress.is_recent(time.monotonic())
    assert not thread.progress.is_recent(time.monotonic() + 61)
    go_on.set()
    thread.join()


def test_a_repeating_thread_waits_before_each_time_and_ends_when_its_wait_says_so() -> None:
    seen: list[str] = []

    def wait(seconds: float) -> bool:
        seen.append(f"wait {seconds:g}")
        return len(seen) > 4

    thread = RepeatingThread("reload", lambda: seen.append("work"), every_s=0.5, patience_s=60.0, wait=wait)
    thread.start()
    thread.join()
    assert seen == ["wait 0.5", "work", "wait 0.5", "work", "wait 0.5"]
    assert thread.progress.beats == 2


def test_a_repeating_thread_that_is_closed_ends_without_waiting_for_its_time() -> None:
    thread = RepeatingThread("reload", lambda: None, every_s=3600.0, patience_s=60.0)
    thread.start()
    thread.close(60.0)
    assert not thread.is_alive()
