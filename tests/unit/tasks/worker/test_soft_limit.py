"""The soft time limit interrupts kernels, at once or when the next one begins, and nothing between them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from billiard.exceptions import SoftTimeLimitExceeded

from tasks.worker.soft_limit import SoftLimit


@pytest.fixture
def limit() -> Iterator[SoftLimit]:
    """A limit of a task that has begun; this process's own handler comes back afterwards."""
    before = signal.getsignal(signal.SIGUSR1)
    one = SoftLimit()
    one.begin()
    yield one
    signal.signal(signal.SIGUSR1, before)


def reach() -> None:
    """Send this process what billiard sends."""
    os.kill(os.getpid(), signal.SIGUSR1)


def test_a_kernel_is_interrupted(limit: SoftLimit) -> None:
    with pytest.raises(SoftTimeLimitExceeded), limit.interrupts():
        reach()


def test_nothing_else_is_interrupted(limit: SoftLimit) -> None:
    with limit.interrupts():
        pass
    reach()


def test_the_next_kernel_of_the_same_task_does_not_begin(limit: SoftLimit) -> None:
    reach()
    begun = False
    with pytest.raises(SoftTimeLimitExceeded), limit.interrupts():
        begun = True
    assert not begun


def test_only_one_kernel_of_a_task_is_interrupted(limit: SoftLimit) -> None:
    with pytest.raises(SoftTimeLimitExceeded), limit.interrupts():
        reach()
    with limit.interrupts():
        pass


def test_the_next_task_is_not_affected(limit: SoftLimit) -> None:
    reach()
    limit.begin()
    with limit.interrupts():
        pass
