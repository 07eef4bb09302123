"""A child process that stands still is found by checks; a machine that slept is no such thing."""

from __future__ import annotations

import pytest

from fleet.local import liveness
from fleet.local.liveness import Liveness


class Sign:
    """A child's sign of life, moved by hand."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> int:
        return self.count


def watched(patience_s: float, start_s: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Sign, Liveness]:
    monkeypatch.setattr(liveness, "PATIENCE_S", patience_s)
    monkeypatch.setattr(liveness, "START_S", start_s)
    sign = Sign()
    return sign, Liveness(sign)


def test_a_child_whose_sign_stays_the_same_for_longer_than_its_patience_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign, child = watched(10, 100, monkeypatch)
    child.is_stuck(0.0)
    sign.count += 1
    verdicts = [child.is_stuck(1 + tenth / 10) for tenth in range(110)]
    assert not any(verdicts[:100])
    assert verdicts[-1]


def test_a_child_that_moves_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sign, child = watched(10, 100, monkeypatch)
    for tenth in range(1000):
        sign.count += tenth % 90 == 0
        assert not child.is_stuck(tenth / 10)


def test_a_machine_that_slept_for_hours_makes_no_child_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    sign, child = watched(10, 100, monkeypatch)
    sign.count += 1
    for hour in range(8):
        # the supervisor slept, too: one look before, one after
        assert not child.is_stuck(hour * 3600.0)


def test_a_child_that_starts_up_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    sign, child = watched(10, 100, monkeypatch)
    assert not any(child.is_stuck(tenth / 10) for tenth in range(990))
    assert any(child.is_stuck(100 + tenth / 10) for tenth in range(50))
    sign.count += 1
    child.reset()
    assert not child.is_stuck(200.0)
