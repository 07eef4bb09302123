"""What a worker takes from Redis's answers about the orders for its host."""

from __future__ import annotations

import pytest
from redis.exceptions import NoPermissionError, ResponseError

from tasks.broker.host_orders import key_is_wrong, open_level_of, order_of


@pytest.mark.parametrize(
    ("answer", "before", "order"),
    [
        ([b"1", b"pause"], None, "pause"),
        ([b"1", b"drain"], "pause", "drain"),
        ([b"1", None], "pause", ""),
        ([b"1", b"dance"], None, ""),
        # nobody has given orders
        ([None, None], None, ""),
        ([None, None], "", ""),
        # Redis was emptied: the coordinator writes them again
        ([None, None], "pause", "pause"),
        ([None, None], "drain", "drain"),
        # the user's rules are older than the orders
        (NoPermissionError("no hmget"), None, ""),
        (ResponseError("BUSY"), None, None),
        (ResponseError("BUSY"), "pause", "pause"),
    ],
)
def test_an_order_holds_until_the_coordinators_orders_are_there_without_it(
    answer: object, before: str | None, order: str | None
) -> None:
    assert order_of(answer, before) == order


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ([b"1", None], 1),
        ([b"4", b"pause"], 4),
        ([b"9", None], 1),
        ([b"0", None], 1),
        ([b"-2", None], 1),
        ([b"44", None], 1),
        ([b"many", None], 1),
        # as before
        ([None, None], 3),
        (NoPermissionError("no hmget"), 3),
        (ResponseError("BUSY"), 3),
        ([], 3),
    ],
)
def test_the_class_that_every_host_may_take_is_read_from_the_same_answer(answer: object, level: int) -> None:
    assert open_level_of(answer, 3) == level


@pytest.mark.parametrize(
    ("answer", "before", "wrong"),
    [
        ([b"1", b"1", b"right"], False, False),
        ([b"1", b"1", b"right"], True, False),
        ([b"1", b"1", b"other"], False, True),
        # the host was dismissed
        ([b"1", b"1", None], False, True),
        # a coordinator that states no keys
        ([b"1", None, None], False, False),
        ([b"1", None, None], True, False),
        # Redis was emptied: the coordinator states them again
        ([None, None, None], True, True),
        ([None, None, None], False, False),
        (NoPermissionError("no hmget"), False, False),
        (ResponseError("BUSY"), True, True),
    ],
)
def test_a_key_is_wrong_while_the_coordinator_states_another_one(answer: object, *, before: bool, wrong: bool) -> None:
    assert key_is_wrong(answer, "right", before=before) is wrong
