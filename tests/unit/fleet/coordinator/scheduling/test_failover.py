"""Which servers are mined at: when a later priority takes over, and when the first one has it back."""

from __future__ import annotations

from fleet.coordinator.scheduling.failover import Failover
from tests.support.one_miner_farms import answers, bans, farm, stands_by


def test_a_later_priority_stands_by_and_equal_ones_mine_together() -> None:
    first, other, later = farm("a"), farm("b"), farm("c")
    failover = Failover({"a": (1, first), "b": (1, other), "c": (2, later)}, 0.0)
    assert [stands_by(one) for one in (first, other, later)] == [False, False, True]
    bans(first, 1.0)
    assert failover.look(1.0) == failover.look(100.0) == []
    assert stands_by(later)


def test_it_takes_over_once_all_before_it_were_down_for_a_while_and_hands_back_later() -> None:
    first, later = farm("a"), farm("b")
    failover = Failover({"a": (1, first), "b": (2, later)}, 0.0, after_s=5.0, back_s=30.0)
    bans(first, 10.0)
    assert failover.look(10.0) == failover.look(14.9) == []
    assert failover.look(15.0) == ["a takes no calls: mining at b until one does"]
    assert not stands_by(later)
    answers(first, 70.0)
    assert failover.look(70.0) == failover.look(99.9) == []
    assert failover.look(100.0) == ["a has paid for 30 s: leaving b once the jobs there are finished"]
    assert stands_by(later)


def test_a_server_that_comes_and_goes_does_not_get_the_farm_back() -> None:
    first, later = farm("a"), farm("b")
    failover = Failover({"a": (1, first), "b": (2, later)}, 0.0, after_s=5.0, back_s=30.0)
    bans(first, 0.0)
    failover.look(0.0)
    assert failover.look(5.0)
    for moment in range(100, 1000, 40):
        answers(first, float(moment))
        assert failover.look(float(moment)) == []
        bans(first, moment + 20.0)
        assert failover.look(moment + 20.0) == []
    assert not stands_by(later)


def test_a_third_priority_is_for_when_the_second_is_down_as_well_and_the_first_closes_both() -> None:
    farms = {"a": (1, farm("a")), "b": (2, farm("b")), "c": (3, farm("c"))}
    failover = Failover(farms, 0.0, after_s=5.0, back_s=30.0)
    bans(farms["a"][1], 0.0)
    failover.look(0.0)
    failover.look(5.0)
    bans(farms["b"][1], 6.0)
    failover.look(6.0)
    assert failover.look(11.0) == ["a and b take no calls: mining at c until one does"]
    answers(farms["a"][1], 20.0)
    failover.look(20.0)
    assert failover.look(50.0) == ["a has paid for 30 s: leaving b and c once the jobs there are finished"]


def test_a_start_goes_on_where_an_earlier_coordinator_left_sessions_open() -> None:
    first, later = farm("a"), farm("b", left_open=True)
    failover = Failover({"a": (1, first), "b": (2, later)}, 0.0, back_s=30.0)
    assert not stands_by(later)
    answers(first, 1.0)
    assert failover.look(1.0) == failover.look(30.9) == []
    failover.look(31.0)
    assert stands_by(later)


def test_a_start_does_not_go_back_to_a_server_that_has_not_answered_yet() -> None:
    first, later = farm("a"), farm("b", left_open=True)
    failover = Failover({"a": (1, first), "b": (2, later)}, 0.0, back_s=30.0)
    assert failover.look(60.0) == []
    assert not stands_by(later)
    answers(first, 61.0)
    assert failover.look(61.0) == failover.look(90.9) == []
    assert failover.look(91.0)
    assert stands_by(later)


def test_a_server_that_is_back_and_pays_nothing_does_not_get_the_farm_back() -> None:
    first, later = farm("a"), farm("b")
    failover = Failover({"a": (1, first), "b": (2, later)}, 0.0, after_s=5.0, back_s=30.0)
    bans(first, 0.0)
    failover.look(0.0)
    assert failover.look(5.0)
    for second in range(100, 200):
        answers(first, float(second), reward=0)
        assert failover.look(float(second)) == []
    assert not stands_by(later)
    answers(first, 200.0)
    assert failover.look(200.0) == []
    assert failover.look(230.0)


def test_one_server_never_stands_by() -> None:
    only = farm("a")
    failover = Failover({"": (1, only)}, 0.0)
    bans(only, 0.0)
    assert failover.look(1000.0) == []
    assert not stands_by(only)
