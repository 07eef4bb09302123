"""A worker's node names its host; the container on it is not told apart."""

from __future__ import annotations

import pytest

from tasks.host.host_names import NAMELESS, host_of


@pytest.mark.parametrize(
    ("node", "host"),
    [
        ("worker@garage", "garage"),
        ("worker@garage-0123456789ab", "garage"),
        ("worker@my-host-12", "my-host-12"),
        ("garage", "garage"),
        ("worker@", NAMELESS),
        ("", NAMELESS),
    ],
)
def test_a_host_is_named_as_it_was_invited(node: str, host: str) -> None:
    assert host_of(node) == host
