"""Which coordinators a worker understands, by what they state in Redis."""

from __future__ import annotations

import pytest

from tasks.broker.handshake import _other_wire, release
from tasks.wire_versions import OLDEST_WIRE, WIRE_VERSION

_OWN = WIRE_VERSION


@pytest.mark.parametrize(
    "stated",
    [
        f'{{"release": "0.1.0", "wire": {WIRE_VERSION}}}',
        f'{{"release": "0.1.0", "wire": {OLDEST_WIRE}}}',
        # the release after this one, which speaks this one's version, too
        f'{{"release": "9.0.0", "wire": {WIRE_VERSION + 1}, "oldest_wire": {_OWN}, "written_wire": {_OWN}}}',
        "",
        "nonsense",
        "[]",
    ],
)
def test_a_worker_goes_on_with_the_coordinator_of_a_release_before_or_after_it(stated: str) -> None:
    assert _other_wire(stated.encode()) is None
    assert _other_wire(None) is None


@pytest.mark.parametrize(
    ("stated", "speaks"),
    [
        (f'{{"release": "0.0.9", "wire": {OLDEST_WIRE - 1}}}', f"{OLDEST_WIRE - 1}"),
        (f'{{"release": "0.0.9", "wire": {WIRE_VERSION + 1}}}', f"{WIRE_VERSION + 1}"),
        (
            f'{{"release": "0.0.9", "wire": {WIRE_VERSION + 2}, "oldest_wire": {WIRE_VERSION + 1}}}',
            f"{WIRE_VERSION + 1} to {WIRE_VERSION + 2}",
        ),
    ],
)
def test_one_without_a_version_in_common_is_refused_with_both_versions_and_what_to_do(stated: str, speaks: str) -> None:
    assert str(_other_wire(stated.encode())) == (
        f"this worker is release {release()} and speaks wire version {WIRE_VERSION}, but the coordinator is release "
        f"0.0.9 and speaks {speaks}: install release 0.0.9 on this host"
    )
