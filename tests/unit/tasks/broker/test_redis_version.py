"""Which Redis is too old for the farm, by what servers and binaries state."""

from __future__ import annotations

import pytest

from tasks.broker.redis_version import is_too_old, minimum, version_of_binary, version_of_server


@pytest.mark.parametrize("version", ["2.8.4", "5.0 or older", "6.0.16", "6.2.14", "6.9.240"])
def test_a_version_below_the_minimum_is_too_old(version: str) -> None:
    assert is_too_old(version)


@pytest.mark.parametrize("version", ["7.0.0", "7.0.15", "7.4", "8.2.3", "10.0.1", "255.255.255"])
def test_the_minimum_and_what_is_above_it_will_do(version: str) -> None:
    assert not is_too_old(version)


@pytest.mark.parametrize("version", [None, "", "unstable", "v6", "9" * 5_000 + ".0"])
def test_a_version_that_cannot_be_read_refuses_nobody(version: str | None) -> None:
    assert not is_too_old(version)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Redis server v=8.2.3 sha=b5d43ceb:0 malloc=jemalloc-5.3.0 bits=64 build=a4a1616166d42ee6", "8.2.3"),
        ("Valkey server v=8.1.4 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1", "8.1.4"),
        ("Redis server v=6.2.14 sha=00000000:0 malloc=libc bits=64 build=1", "6.2.14"),
        ("error while loading shared libraries: libssl.so.1.1", None),
        ("", None),
    ],
)
def test_a_binary_states_its_version(said: str, version: str | None) -> None:
    assert version_of_binary(said) == version


@pytest.mark.parametrize(
    ("hello", "version"),
    [
        ({b"server": b"redis", b"version": b"8.2.3", b"proto": 3}, "8.2.3"),
        ({"server": "redis", "version": "6.2.14"}, "6.2.14"),
        ({b"server": b"redis"}, None),
        ({b"version": 7}, "7"),
        (b"OK", None),
        (None, None),
    ],
)
def test_a_server_states_its_version(hello: object, version: str | None) -> None:
    assert version_of_server(hello) == version


def test_the_minimum_is_the_version_that_brought_selectors() -> None:
    assert minimum() == "7.0"
