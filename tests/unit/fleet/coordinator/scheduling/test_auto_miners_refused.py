"""A miner that the server refuses is no obstacle: another one opens in its place, and decisions go on."""

from __future__ import annotations

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import Scene, VirtualFarm
from fleet.coordinator.scheduling.auto_miners import AutoMiners


def auto(farm: VirtualFarm) -> AutoMiners:
    assert farm.farm.auto is not None
    return farm.farm.auto


def crowded(most: int) -> Scene:
    """Among 500 strangers, 600 ms away: three miners or so use up the limit, and earn the more the more they are."""
    return scene(limit=200, round_trip_ms=900, strangers=500, capped=True, paid_heartbeats=False, most=most)


@pytest.mark.parametrize("refused", [["rig-1"], ["rig-1", "rig-2", "rig-3"], ["rig-0"]])
def test_another_miner_opens_in_its_place(refused: list[str]) -> None:
    free, hindered = VirtualFarm(crowded(12), pinned=0), VirtualFarm(crowded(12), pinned=0, refused=refused)
    free.run(240.0)
    hindered.run(240.0 + 150.0 * len(refused))
    assert auto(free).own >= 3
    assert auto(hindered).own == auto(free).own
    assert not any(miner_id in refused for miner_id in auto(hindered).seen.open_miners)
    stated = " ".join(text for _, text in hindered.notices)
    assert all(f"no session to {miner_id}" in stated for miner_id in refused)


def test_where_all_are_refused_they_go_on_trying() -> None:
    farm = VirtualFarm(crowded(2), pinned=0, refused=["rig-0", "rig-1"])
    farm.run(400.0)
    farm.refused.clear()
    farm.run(900.0)
    assert auto(farm).own >= 1


def test_where_no_other_miner_is_left_decisions_go_on_with_fewer() -> None:
    farm = VirtualFarm(crowded(3), pinned=0, refused=["rig-2"])
    farm.run(240.0)
    assert auto(farm).own == auto(farm).controller.target == 2
    assert auto(farm).controller.at_rest


def test_a_pinned_miner_that_is_refused_does_not_stop_the_others() -> None:
    farm = VirtualFarm(crowded(12), pinned=2, refused=["rig-1"])
    farm.run(360.0)
    assert auto(farm).own >= 3


def test_a_refused_miner_is_tried_again_and_opens_once_the_server_takes_it() -> None:
    farm = VirtualFarm(crowded(3), pinned=0, refused=["rig-2"])
    farm.run(240.0)
    farm.refused.clear()
    farm.run(1200.0)
    assert auto(farm).own == 3
