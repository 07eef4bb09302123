"""Farms at a simulated server under controls: what is paused mines nothing, and nothing that was paid is lost.

One file: all tests steer the same small farm.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.income_scenes import scene
from bench.virtual_farm import VirtualFarm
from fleet.control.control import FARM, Action, Control, Source, Target, TargetKind
from fleet.control.in_force import Controls
from fleet.coordinator.steering.steering import SteeredFarm, Steering
from fleet.domain.calendar import Calendar
from tasks.messages import Outcome
from tests.support.host_mining import ended

MINERS = 4
PAUSE = Control(target=FARM, action=Action.PAUSE, since_ms=0, stop_after_s=600.0, who="alex")

SHED = Target(kind=TargetKind.HOST, name="shed")


class Steered:
    """A farm with controls; its wall clock shows what its monotonic clock does."""

    def __init__(self, fixed: int | None = MINERS) -> None:
        where = scene(limit=300, round_trip_ms=600, strangers=50, capped=True, paid_heartbeats=False, most=6)
        self.farm = VirtualFarm(where, fixed=fixed)
        self.names = {miner_id: f"rig-{number}" for number, miner_id in enumerate(self.farm.farm.miners, 1)}
        self.tags: dict[str, tuple[str, ...]] = {"rig-1": ("garage",)}
        steered = SteeredFarm(server="main", farm=self.farm.farm, names=self.names, tags=self.tags)
        wall_ms, clock = lambda: round(self.farm.now * 1000), lambda: self.farm.now
        self.steering = Steering([steered], Controls(), Calendar(), wall_ms, clock)

    def follow(self, *controls: Control) -> list[str]:
        return [notice.text for notice in self.steering.follow(Controls(controls), self.farm.now)]

    def run(self, seconds: float) -> None:
        end = self.farm.now + seconds
        while self.farm.now < end:
            self.steering.look(self.farm.now)
            self.farm.run(min(self.farm.now + 1.0, end))

    @property
    def sessions(self) -> int:
        return int(self.farm.simulator.world.census.sessions)

    def paid(self, seconds: float) -> set[str]:
        """The names of the miners that were paid meanwhile."""
        before = {miner_id: miner.account.booked for miner_id, miner in self.farm.farm.miners.items()}
        self.run(seconds)
        miners = self.farm.farm.miners.items()
        return {self.names[miner_id] for miner_id, miner in miners if miner.account.booked > before[miner_id]}

    def ends_exactly(self) -> None:
        self.farm.farm.drain(self.farm.now)
        self.run(60.0)
        assert self.farm.farm.done
        assert sum(m.account.booked for m in self.farm.farm.miners.values()) == self.farm.simulator.book.total()


def at(farm: Steered, control: Control = PAUSE, **more: object) -> Control:
    return replace(control, since_ms=round(farm.farm.now * 1000), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("fixed", [None, MINERS])
def test_a_paused_farm_keeps_its_sessions_for_a_while_then_stops_them_and_mines_again_when_resumed(
    fixed: int | None,
) -> None:
    farm = Steered(fixed)
    farm.run(120.0)
    before = farm.sessions
    assert before >= 2
    farm.follow(at(farm, stop_after_s=60.0))
    farm.run(5.0)
    assert farm.paid(40.0) == set()
    assert farm.sessions == before, "the sessions were to be kept"
    farm.run(30.0)
    assert farm.sessions == 0
    assert farm.paid(60.0) == set()
    assert farm.follow() == ["the farm is resumed"]
    assert farm.paid(30.0)
    farm.ends_exactly()


def test_a_session_that_is_to_be_kept_is_kept() -> None:
    farm = Steered()
    farm.run(60.0)
    farm.follow(at(farm, stop_after_s=None))
    farm.run(5.0)
    assert farm.paid(1200.0) == set()
    assert farm.sessions == MINERS
    farm.follow()
    assert len(farm.paid(30.0)) == MINERS
    farm.ends_exactly()


@pytest.mark.parametrize(
    ("target", "mine"),
    [
        (Target(kind=TargetKind.MINER, name="rig-2"), {"rig-1", "rig-3", "rig-4"}),
        (Target(kind=TargetKind.TAG, name="garage"), {"rig-2", "rig-3", "rig-4"}),
        (Target(kind=TargetKind.SERVER, name="main"), set[str]()),
    ],
)
def test_only_what_a_control_covers_is_paused(target: Target, mine: set[str]) -> None:
    farm = Steered()
    farm.run(60.0)
    farm.follow(at(farm, target=target, action=Action.DRAIN, stop_after_s=0.0))
    farm.run(5.0)
    assert farm.paid(60.0) == mine
    assert farm.sessions == len(mine)
    assert farm.farm.farm.server.paused is (target.kind is TargetKind.SERVER)
    stopped = [one for miner_id, one in farm.farm.farm.miners.items() if farm.names[miner_id] not in mine]
    assert all(one.compared for one in stopped), "the totals were not asked"
    farm.follow()
    assert len(farm.paid(60.0)) == MINERS
    farm.ends_exactly()


def test_a_farm_that_starts_paused_opens_nothing() -> None:
    farm = Steered()
    farm.follow(PAUSE)
    farm.run(60.0)
    assert farm.sessions == 0
    assert farm.farm.farm.in_use == {} or farm.farm.simulator.book.total() == 0
    farm.follow()
    assert len(farm.paid(60.0)) == MINERS
    farm.ends_exactly()


def test_two_controls_at_once_pause_until_both_are_over() -> None:
    farm = Steered()
    farm.run(60.0)
    whole, one = at(farm), at(farm, target=Target(kind=TargetKind.MINER, name="rig-1"))
    assert len(farm.follow(whole, one)) == 2
    farm.run(5.0)
    farm.follow(one)
    assert farm.paid(30.0) == {"rig-2", "rig-3", "rig-4"}
    farm.follow()
    assert len(farm.paid(30.0)) == MINERS


def test_a_control_that_changes_nothing_is_not_told_again_and_one_whose_time_is_over_is_not_followed() -> None:
    farm = Steered()
    farm.run(30.0)
    control = at(farm, until_ms=round(farm.farm.now * 1000) + 5)
    assert len(farm.follow(control)) == 1
    assert farm.follow(control) == []
    farm.run(1.0)
    assert farm.follow(control, at(farm, target=SHED)) == [
        "host shed is paused by alex",
        "the farm is resumed",
    ]


def test_a_miner_that_gets_a_paused_tag_is_paused_and_one_that_loses_it_mines() -> None:
    farm = Steered()
    farm.run(60.0)
    farm.follow(at(farm, target=Target(kind=TargetKind.TAG, name="garage"), stop_after_s=0.0))
    farm.tags.clear()
    farm.tags["rig-3"] = ("garage",)
    farm.steering.miners_changed(())
    farm.run(5.0)
    assert farm.paid(60.0) == {"rig-1", "rig-2", "rig-4"}
    farm.ends_exactly()


def test_a_retry_ends_the_waits_after_failures() -> None:
    farm = Steered()
    farm.run(60.0)
    miner = next(iter(farm.farm.farm.miners.values()))
    miner._retry.until = farm.farm.now + 500.0
    farm.farm.farm.requeue([miner], farm.farm.now)
    assert "rig-1" not in farm.paid(60.0)
    (told,) = farm.steering.retry([Target(kind=TargetKind.MINER, name="rig-1")], farm.farm.now)
    assert told.text == "miner rig-1 tries again now"
    assert "rig-1" in farm.paid(30.0)
    farm.ends_exactly()


def test_hosts_are_ordered_what_their_strictest_control_says_and_nothing_once_that_is_over() -> None:
    orders: list[dict[str, str]] = []
    attic, now_ms = Target(kind=TargetKind.HOST, name="attic"), 1_000
    pause = replace(PAUSE, target=attic, stop_after_s=None)
    steering = Steering(
        [], Controls([pause]), Calendar(), lambda: now_ms, order_hosts=lambda one: orders.append({**one})
    )
    assert orders == [{}, {"attic": "pause"}]
    drain = replace(pause, action=Action.DRAIN, source=Source.SCHEDULE)
    told = steering.follow(Controls([pause, drain]), 1.0)
    assert (orders.pop(), [one.text for one in told]) == (
        {"attic": "drain"},
        ["host attic is drained by alex"],
    )
    steering.follow(Controls(), 2.0)
    assert orders.pop() == {}


def test_no_check_waits_for_a_host_while_it_is_paused() -> None:
    farm = Steered()
    workers = farm.farm.farm.workers
    workers._hosts.ended(ended("j1", 1, "worker@shed", Outcome.COMPUTED), "data_validation", farm.farm.now)
    for controls, able in (((at(farm, target=SHED, stop_after_s=None),), set()), ((), {"worker@shed"})):
        farm.follow(*controls)
        workers.look(farm.farm.now)
        assert workers.able == able


def test_sessions_of_paused_miners_are_closed_in_the_order_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    farm = Steered()
    farm.run(30.0)
    closed: list[str] = []
    monkeypatch.setattr(
        farm.farm.farm, "requeue", lambda miners, _: closed.extend(miner.spec.miner_id for miner in miners)
    )
    farm.follow(at(farm, stop_after_s=0.0))
    closed.clear()
    farm.steering._closes_at.update(dict.fromkeys(farm.names, farm.farm.now))
    farm.steering.look(farm.farm.now)
    assert closed == list(farm.names), "the same in every process, so that a virtual schedule can be repeated"
