"""A message that is for others is left to them, but not for ever where nobody else takes it."""

from __future__ import annotations

from tasks.worker.strategy import Leaves


def test_a_message_is_taken_once_it_was_left_often_and_for_long() -> None:
    leaves = Leaves()
    assert not any(leaves.suffice("j1~2", 0.1 * step) for step in range(140))
    assert leaves.suffice("j1~2", 15.0)
    assert not leaves.suffice("j1~2", 15.1), "another message of that id is left again"


def test_one_that_others_take_meanwhile_is_left_however_long_ago_it_was_first_seen() -> None:
    leaves = Leaves()
    assert not any(leaves.suffice("j1~2", 10.0 * step) for step in range(29))


def test_the_counts_are_bounded() -> None:
    leaves = Leaves()
    for number in range(1000):
        leaves.suffice(f"j{number}~2", 0.0)
    assert not leaves.suffice("j0~2", 100.0)
