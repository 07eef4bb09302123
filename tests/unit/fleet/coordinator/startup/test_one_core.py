"""The coordinator's threads stay on one core."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from fleet.coordinator.startup.one_core import stay_on_one_core


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells and takes the cores of a thread")
def test_threads_started_afterwards_run_on_the_same_core_only() -> None:
    found: list[set[int]] = []

    def work() -> None:
        stay_on_one_core()
        late = threading.Thread(target=lambda: found.append(os.sched_getaffinity(0)))
        late.start()
        late.join()
        found.append(os.sched_getaffinity(0))

    before = os.sched_getaffinity(0)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(found[0]) == 1
    assert found[0] == found[1] <= before
    assert os.sched_getaffinity(0) == before


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells and takes the cores of a thread")
def test_a_sandbox_that_forbids_it_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: int, _cores: set[int]) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    stay_on_one_core()
