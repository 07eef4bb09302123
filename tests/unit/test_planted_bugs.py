"""The laws of virtual time can fail: each bug that is put in on purpose breaks one."""

from __future__ import annotations

import pytest

from tests.virtual.planted import PLANTED, caught
from tests.virtual.planted_bug import Planted


def test_there_are_ten_planted_bugs_and_more() -> None:
    assert len({bug.name for bug in PLANTED}) >= 10


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught_by_its_seed(bug: Planted) -> None:
    assert caught(bug, bug.seed) is not None, f"python -m tests.virtual.planted finds another seed for: {bug.name}"
