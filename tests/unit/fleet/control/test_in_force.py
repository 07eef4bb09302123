"""Which control holds for what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.control.control import FARM, Action, Control, Source, Target, TargetKind
from fleet.control.in_force import Controls

NOW = 1_800_000_000_000


def on(kind: TargetKind, name: str = "", **more: object) -> Control:
    made = Control(target=Target(kind=kind, name=name), action=Action.PAUSE, since_ms=NOW, who="alex")
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("control", "covers"),
    [
        (on(TargetKind.MINER, "rig"), True),
        (on(TargetKind.TAG, "garage"), True),
        (on(TargetKind.SERVER, "main"), True),
        (on(TargetKind.FARM), True),
        (on(TargetKind.MINER, "garage"), False),
        (on(TargetKind.TAG, "rig"), False),
        (on(TargetKind.SERVER, "side"), False),
        (on(TargetKind.HOST, "rig"), False),
        (on(TargetKind.JOB_TYPE, "rig"), False),
    ],
)
def test_a_miner_is_paused_by_its_own_control_and_those_of_what_it_belongs_to(control: Control, covers: bool) -> None:
    assert (Controls([control]).of_miner("rig", ["garage"], "main") == control) is covers


def test_of_several_controls_the_one_that_stops_the_session_first_holds() -> None:
    keeps = on(TargetKind.FARM, stop_after_s=None)
    late, soon = on(TargetKind.TAG, "garage", stop_after_s=600.0), on(TargetKind.MINER, "rig", stop_after_s=5.0)
    for several in ([keeps, late, soon], [soon, late, keeps]):
        assert Controls(several).of_miner("rig", ["garage"]) == soon
    assert Controls([keeps, late]).of_miner("rig", ["garage"]) == late


def test_of_two_that_stop_it_alike_the_one_that_lasts_longer_is_shown() -> None:
    short, long = on(TargetKind.MINER, "rig", until_ms=NOW + 1), on(TargetKind.FARM)
    assert Controls([short, long]).of_miner("rig") == long


def test_an_operator_and_a_schedule_hold_the_same_target_at_once() -> None:
    mine, its = on(TargetKind.FARM), on(TargetKind.FARM, source=Source.SCHEDULE)
    controls = Controls([mine, its])
    assert len(controls) == 2
    assert controls.get(FARM, Source.SCHEDULE) == its


def test_a_control_has_ended_from_its_moment_on() -> None:
    controls = Controls([on(TargetKind.FARM, until_ms=NOW + 10), on(TargetKind.HOST, "shed")])
    assert controls.ended(NOW + 9) == ()
    assert [one.target for one in controls.ended(NOW + 10)] == [FARM]
    assert controls.next_end_ms() == NOW + 10
    assert list(controls.names(TargetKind.HOST)) == ["shed"]
    assert controls.of_host("shed") is not None
