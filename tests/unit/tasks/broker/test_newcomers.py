"""New names cost memory: a flood of them is not taken in."""

from __future__ import annotations

from tasks.broker.newcomers import Newcomers


def test_a_flood_of_names_is_let_in_up_to_its_bound_and_then_one_by_one() -> None:
    door = Newcomers(at_once=100, every_s=6.0)
    assert sum(door.admits(f"worker@{number}", 1_000.0) for number in range(10_000)) == 100
    assert not door.admits("worker@late", 1_005.0)
    assert door.admits("worker@late", 1_006.0)
    assert not door.admits("worker@later", 1_006.0)


def test_a_name_that_is_known_is_always_let_in() -> None:
    door = Newcomers(at_once=1, every_s=3_600.0)
    assert door.admits("worker@garage", 0.0)
    assert not door.admits("worker@attic", 1.0)
    assert all(door.admits("worker@garage", float(second)) for second in range(100))


def test_a_clock_that_stands_still_makes_no_room() -> None:
    door = Newcomers(at_once=1, every_s=1.0)
    assert door.admits("a", 5.0)
    assert not door.admits("b", 5.0)
    assert not door.admits("b", 4.0)
