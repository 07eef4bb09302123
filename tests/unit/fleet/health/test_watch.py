"""A farm's health as a whole: what is worse than usual, unless its cause is known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from fleet.health.symptom import FARM
from fleet.health.watch import FarmHealth
from fleet.status.fresh import FreshAttempts
from fleet.status.snapshot import Wrong
from tests.support.fresh import payments
from tests.support.well_farm import SERVER, WELL


class FarmOf:
    """A farm with one miner and one host."""

    def __init__(self) -> None:
        self.health = FarmHealth(kernel_version="3", now=0.0)
        self.now = 0.0

    def works(self, seconds: int, nnet: str, *, lost: bool = False, stopped: bool = False) -> tuple[Wrong, ...]:
        found: tuple[Wrong, ...] = ()
        for _ in range(seconds):
            self.now += 1.0
            if Decimal(nnet):
                self.health.paid("a", payments(nnet, self.now))
            if lost:
                self.health.lost("a")
            found = self.health.wrong(
                replace(WELL, servers=(replace(SERVER, away=stopped),)), (), None, self.now, int(self.now * 1000)
            )
        return found


def test_a_farm_that_earns_much_less_than_usual_is_slower_by_so_much_a_day() -> None:
    farm = FarmOf()
    assert farm.works(1_800, "1") == ()
    (one,) = farm.works(900, "0.4")
    assert (one.kind, one.subject) == ("slower", "farm")
    assert one.nnet_per_day is not None
    assert 0.3 < one.nnet_per_day / 86_400 < 0.6
    assert farm.works(900, "1") == ()


def test_what_stops_the_farm_costs_what_it_usually_earns_and_leaves_no_slowness_behind() -> None:
    farm = FarmOf()
    farm.works(1_800, "1")
    (one,) = farm.works(600, "0", stopped=True)
    assert one.kind == "outage"
    assert one.nnet_per_day is not None
    assert abs(one.nnet_per_day - 86_400.0) < 1.0
    assert farm.works(1_200, "1") == ()


def test_a_smaller_share_of_accepted_jobs_is_known_with_what_it_costs() -> None:
    farm = FarmOf()
    farm.works(3_000, "1")
    found = farm.works(300, "1", lost=True)
    (one,) = [one for one in found if one.subject == "farm"]
    assert one.kind == "accept_ratio"
    assert one.nnet_per_day is not None
    assert one.nnet_per_day > 0


def test_what_is_paused_is_not_wrong_nor_slower_and_changes_nothing_of_what_is_usual() -> None:
    farm = FarmOf()
    farm.works(1_800, "1")
    worth = farm.health.worth
    facts = replace(WELL, in_session=0, unpaid_s=900.0, without_worker_s=900.0)
    for _ in range(1_800):
        farm.now += 1.0
        paused = farm.health.wrong(facts, (), None, farm.now, int(farm.now * 1000), paused={FARM, "miner a"})
        assert paused == ()
    assert farm.health.worth == worth
    farm.now += 1.0
    again = [farm.health.wrong(facts, (), None, farm.now + second, 0) for second in range(30)][-1]
    assert "no_worker" in {one.kind for one in again}, "it is wrong once nothing is paused"


def test_a_host_that_rests_by_its_own_limits_is_not_deaf_while_others_compute() -> None:
    health, both = FarmHealth(kernel_version="3", now=0.0), {"attic", "barn"}

    def works(seconds: range, *hosts: str, resting: tuple[str, ...] = ()) -> set[tuple[str, str]]:
        found: tuple[Wrong, ...] = ()
        for now in map(float, seconds):
            for host in hosts:
                health.hosts.ended(host, "inference", FreshAttempts(now, now, kernel_ms=[40.0], kernel_version="3"))
            found = health.wrong(WELL, (), both, now, int(now * 1000), resting=resting)
        return {(one.kind, one.subject) for one in found}

    assert works(range(1, 300), "attic", "barn") == set()
    assert works(range(300, 900), "barn", resting=("attic",)) == set()
    assert works(range(900, 1_000), "barn") == {("deaf_worker", "host attic")}, "it is once it says that it takes jobs"


def test_no_worker_is_wrong_unless_each_host_that_is_online_is_paused() -> None:
    farm = FarmOf()
    farm.works(1_800, "1")
    facts = replace(WELL, without_worker_s=900.0)

    def wrong(*paused: str, resting: tuple[str, ...] = ()) -> set[str]:
        found: tuple[Wrong, ...] = ()
        for _ in range(30):
            farm.now += 1.0
            now_ms = int(farm.now * 1000)
            found = farm.health.wrong(facts, (), {"attic", "barn"}, farm.now, now_ms, paused=paused, resting=resting)
        return {one.kind for one in found}

    assert wrong("host attic", "host barn") == set()
    assert wrong("host attic") == {"no_worker"}
    assert wrong("host attic", resting=("barn",)) == set()
    assert wrong(resting=("attic", "barn")) == set()
    assert wrong(resting=("attic",)) == {"no_worker"}


def test_no_worker_is_not_wrong_while_all_that_are_there_pause_although_a_host_of_yesterday_is_gone() -> None:
    farm, facts = FarmOf(), replace(WELL, without_worker_s=900.0, unpaid_s=900.0)
    farm.health.hosts.ended("attic", "inference", FreshAttempts(1.0, 1.0, kernel_ms=[40.0], kernel_version="3"))
    farm.works(1_800, "1")

    def wrong(*, workers_pause: bool) -> set[str]:
        found: tuple[Wrong, ...] = ()
        for _ in range(30):
            farm.now += 1.0
            now = replace(facts, workers_pause=workers_pause)
            found = farm.health.wrong(now, (), {"barn"}, farm.now, int(farm.now * 1000), resting=("barn",))
        return {one.kind for one in found}

    assert wrong(workers_pause=True) == set()
    assert wrong(workers_pause=False) == {"no_worker"}
