"""What is known of a host's identity by what its workers state."""

from __future__ import annotations

from fleet.audit.identities import Identities

INTEL, AMD = ("x86_64", "2.4", "Haswell"), ("x86_64", "2.4", "Zen")


def test_a_workers_kind_is_found_by_the_name_under_which_it_states_it() -> None:
    known = Identities(kinds={"a": INTEL})
    assert known.kind_of("worker@a") == INTEL
    assert known.kind_of("worker@b") == ()


def test_the_containers_of_a_host_state_its_kinds() -> None:
    known = Identities(kinds={"a-0123456789ab": INTEL, "a-ba9876543210": AMD, "b": AMD, "c": ()})
    assert known.kinds_by_host() == {"a": [INTEL, AMD], "b": [AMD]}


def test_a_host_without_a_key_has_an_empty_one() -> None:
    assert [Identities(keys={"a": "12ab"}).key_of(host) for host in "ab"] == ["12ab", ""]
