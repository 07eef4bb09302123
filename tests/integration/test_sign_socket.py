"""A child's signs of life reach its supervisor as they would reach systemd."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.local.liveness import Liveness
from fleet.local.sign_socket import SignSocket
from tasks.host.systemd import expect_within, ping


def test_each_sign_is_counted_and_silence_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signs = SignSocket(tmp_path / "signs")
    for name, value in signs.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    liveness = Liveness(signs.sign, 20.0)
    ping()
    expect_within(25.0)
    assert signs.sign() == 2
    assert not [second for second in range(20) if liveness.is_stuck(float(second))]
    ping()
    assert not liveness.is_stuck(20.5), "a sign in time"
    assert next(second for second in range(21, 60) if liveness.is_stuck(float(second))) == 41
    signs.close()


def test_a_path_that_is_too_long_leaves_the_farm_without_signs_but_working(tmp_path: Path) -> None:
    signs = SignSocket(tmp_path / ("x" * 200) / "signs")
    assert signs.variables == {}
    assert signs.sign() == 0
    signs.close()
