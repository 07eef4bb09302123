"""A thread that stands still or ends is found and named."""

from __future__ import annotations

import threading
import time

import pytest

from fleet.errors import ThreadEnded
from fleet.threads import Progress, StuckThreadDetector, WatchedThread


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
