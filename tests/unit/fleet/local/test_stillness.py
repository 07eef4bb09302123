"""What stands still is found by looks: a thread, a child process, and never a machine that slept."""

from __future__ import annotations

import threading
import time

import pytest

from fleet.crew import Lookout, Motion, Vital
from fleet.errors import ThreadEnded
from fleet.local import stillness
from fleet.local.stillness import Stillness


class Sign:
    """A child's sign of life, moved by hand."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        return self.count


def watched(patience_s: float, start_s: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Sign, Stillness]:
    monkeypatch.setattr(stillness, "PATIENCE_S", patience_s)
    monkeypatch.setattr(stillness, "START_S", start_s)
    sign = Sign()
    return sign, Stillness(sign)


def test_a_child_whose_sign_stays_the_same_for_longer_than_its_patience_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign, child = watched(10, 100, monkeypatch)
    child.look(0.0)
    sign.count += 1
    verdicts = [child.look(1 + tenth / 10) for tenth in range(110)]
    assert not any(verdicts[:100])
    assert verdicts[-1]


def test_a_child_that_moves_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sign, child = watched(10, 100, monkeypatch)
    for tenth in range(1000):
        sign.count += tenth % 90 == 0
        assert not child.look(tenth / 10)


def test_a_machine_that_slept_for_hours_makes_no_child_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    sign, child = watched(10, 100, monkeypatch)
    sign.count += 1
    for hour in range(8):
        # the supervisor slept, too: one look before, one after
        assert not child.look(hour * 3600.0)


def test_a_child_that_starts_up_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    sign, child = watched(10, 100, monkeypatch)
    assert not any(child.look(tenth / 10) for tenth in range(990))
    assert any(child.look(100 + tenth / 10) for tenth in range(50))
    sign.count += 1
    child.begin()
    assert not child.look(200.0)


def test_the_thread_that_stands_still_is_named_and_the_patience_of_each_counts() -> None:
    quick, slow = Motion("quick", 10.0), Motion("slow", 30.0)
    lookout = Lookout([quick, slow], 5.0)
    for _ in range(6):
        quick.beat()
        assert lookout.look() is None
    assert lookout.look() == "the coordinator's thread 'slow' stands still for 35 s"
    slow.beat()
    assert lookout.look() is None
    assert lookout.look() == "the coordinator's thread 'quick' stands still for 15 s"


def test_an_unexpected_end_of_a_thread_is_raised_with_its_cause() -> None:
    def fail(_motion: Motion) -> None:
        raise ZeroDivisionError("nobody caught this")

    thread = Vital("dispatcher", fail, patience_s=1.0)
    thread.start()
    thread.join()
    with pytest.raises(ThreadEnded, match="'dispatcher' ended with ZeroDivisionError") as caught:
        thread.check()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_thread_that_returns_is_as_lost_as_one_that_raises() -> None:
    thread = Vital("intake", lambda _motion: None, patience_s=1.0)
    thread.start()
    thread.join()
    with pytest.raises(ThreadEnded, match="'intake' ended without an error"):
        thread.check()


def test_a_thread_that_works_is_no_error() -> None:
    go_on = threading.Event()

    def work(motion: Motion) -> None:
        motion.beat()
        go_on.wait()

    thread = Vital("transport", work, patience_s=60.0)
    thread.start()
    thread.check()
    assert thread.motion.moves(time.monotonic())
    assert not thread.motion.moves(time.monotonic() + 61)
    go_on.set()
    thread.join()
