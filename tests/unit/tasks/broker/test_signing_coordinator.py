"""Whether the coordinator signs: what it states counts, and silence changes nothing."""

from __future__ import annotations

import pytest
from redis.exceptions import NoPermissionError

from tasks.broker.signing_coordinator import SigningCoordinator
from tasks.broker.statement import Statement

_SIGNS = Statement(release="0.2.0", wire=2, signs=True).encode().encode()


def test_a_coordinator_that_states_it_signs() -> None:
    one = SigningCoordinator()
    assert not one.signs
    one.read(_SIGNS)
    assert one.signs


def test_a_coordinator_of_an_earlier_release_does_not() -> None:
    one = SigningCoordinator()
    one.read(_SIGNS)
    one.read(b'{"release": "0.1.0", "wire": 2}')
    assert not one.signs


@pytest.mark.parametrize("answer", [None, b"", b"nonsense", NoPermissionError("no"), 5])
def test_an_emptied_redis_changes_nothing(answer: object) -> None:
    one = SigningCoordinator()
    one.read(_SIGNS)
    one.read(answer)
    assert one.signs
