"""Which miners a farm gains, loses and changes."""

from __future__ import annotations

from dataclasses import replace

from fleet.coordinator.reload.roster import RosterChange, roster_change, words
from fleet.domain.jobs import MinerSpec

A, B, C = (MinerSpec(miner_id=f"neo1{name * 10}", name=f"rig-{name}") for name in "abc")


def change(present: list[MinerSpec], wanted: list[MinerSpec]) -> RosterChange:
    return roster_change({spec.miner_id: spec for spec in present}, wanted)


def test_a_miner_that_stays_as_it_is_is_not_named() -> None:
    assert not change([A, B], [B, A])
    assert change([A, B], [B, C]) == RosterChange(added=(C,), removed=(A.miner_id,))


def test_other_hardware_needs_a_new_session_and_another_name_does_not() -> None:
    faster, other = replace(A, cpu_cores=16, name="fast"), replace(B, name="other")
    assert change([A, B], [faster, other]) == RosterChange(respecified=(faster,), renamed=(other,))


def test_the_words_name_miners_and_never_show_an_id() -> None:
    unnamed = MinerSpec(miner_id="neo1" + "d" * 40)
    found = RosterChange(added=(C, unnamed), removed=(A.miner_id,), renamed=(replace(B, name="other"),))
    lines = words(found, {A.miner_id: "rig-a", B.miner_id: "rig-b"})
    assert lines == ["2 miners added: rig-c, neo1..dddd", "1 miner removed: rig-a", "1 miner renamed: rig-b → other"]


def test_of_many_miners_five_are_named() -> None:
    many = tuple(MinerSpec(miner_id=f"neo1{number:040x}", name=f"rig-{number}") for number in range(7))
    assert words(RosterChange(added=many), {}) == ["7 miners added: rig-0, rig-1, rig-2, rig-3, rig-4 and 2 more"]
