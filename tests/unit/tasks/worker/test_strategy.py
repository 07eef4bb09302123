"""A message that is for others is left to them, but not for ever where nobody else takes it."""

from __future__ import annotations

from typing import Any

from kombu.common import QoS

from tasks.worker.strategy import Aside, Leaves


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


def two_messages() -> Any:
    """Celery's number of messages that a worker may hold."""
    return QoS(lambda **_: None, 2)  # type: ignore[no-untyped-call]  # kombu ships no types


def test_each_message_that_is_held_back_makes_room_for_another_until_it_is_given_back() -> None:
    aside, qos = Aside(), two_messages()
    ends = [aside.begin(qos) for _ in range(3)]
    assert qos.value == 5
    for end in ends:
        end()
    assert qos.value == 2


def test_however_many_messages_are_held_back_the_room_is_bounded() -> None:
    aside, qos = Aside(), two_messages()
    ends = [aside.begin(qos) for _ in range(1000)]
    assert qos.value == 34
    for end in ends:
        end()
    assert qos.value == 2


def test_a_message_held_back_over_a_reconnection_takes_no_room_of_the_new_connection() -> None:
    aside, lost, now = Aside(), two_messages(), two_messages()
    end = aside.begin(lost)
    end()
    assert now.value == 2
