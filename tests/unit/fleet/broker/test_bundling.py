"""Which jobs share a message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.broker.bundling import BundlePace, pack
from fleet.domain.effects import Dispatch
from tasks.data_size import MAX_DATA_BYTES, data_text
from tasks.jobtypes import JOB_TYPES
from tasks.messages import MOST_IN_BUNDLE
from tests.support.workers import job

orders = st.lists(
    st.builds(
        lambda number, ms, attempt, again: replace(
            job(f"job-{number}", {}, attempt=attempt), expected_ms=ms, only_if_idle=again
        ),
        st.integers(0, 1000),
        st.none() | st.floats(0, 10),
        st.sampled_from((1, 1, 1, 2)),
        st.booleans(),
    ),
    max_size=100,
)


def size_of(order: Dispatch) -> int:
    return len(data_text(order.message.data))


def light(count: int, ms: float = 0.1) -> list[Dispatch]:
    return [replace(job(f"job-{number}", {}), expected_ms=ms) for number in range(count)]


def test_light_jobs_share_a_message_up_to_the_time_that_it_may_take() -> None:
    assert [len(message) for message in pack(light(10, ms=1.0), 4.0, size_of)] == [4, 4, 2]


def test_a_message_holds_no_more_jobs_than_its_bound() -> None:
    assert [len(message) for message in pack(light(MOST_IN_BUNDLE + 1, ms=0.0), 4.0, size_of)] == [MOST_IN_BUNDLE, 1]


@given(sizes=st.lists(st.integers(0, MAX_DATA_BYTES), max_size=40))
def test_the_data_of_a_bundle_is_no_longer_than_that_of_one_job_may_be(sizes: list[int]) -> None:
    jobs = [replace(job(f"job-{number}", {"x": "x" * size}), expected_ms=0.0) for number, size in enumerate(sizes)]
    packed = pack(jobs, 4.0, size_of)
    assert [order for message in packed for order in message] == jobs
    for message in packed:
        if len(message) > 1:
            assert sum(len(data_text(order.message.data)) for order in message) <= MAX_DATA_BYTES


@pytest.mark.parametrize(
    "alone",
    [
        replace(job("other", {}), expected_ms=4.1),
        replace(job("other", {}), expected_ms=None),
        replace(job("other", {}), expected_ms=0.1, only_if_idle=True),
        replace(job("other", {}, attempt=2), expected_ms=0.1),
    ],
    ids=["long", "of a type never seen", "perhaps still waiting", "dispatched before"],
)
def test_a_job_that_may_hold_others_up_or_take_them_with_it_goes_alone(alone: Dispatch) -> None:
    assert [alone] in pack([*light(3), alone, *light(2)], 4.0, size_of)


def test_light_jobs_do_not_fall_behind_the_others_of_their_turn() -> None:
    heavy = [replace(job(f"heavy-{number}", {}), expected_ms=50.0) for number in range(3)]
    first, second = light(2)
    packed = pack([first, heavy[0], heavy[1], second, heavy[2]], 4.0, size_of)
    assert packed == [[first, second], [heavy[0]], [heavy[1]], [heavy[2]]]


def test_without_a_time_each_job_goes_alone() -> None:
    assert [len(message) for message in pack(light(3, ms=0.0), 0.0, size_of)] == [1, 1, 1]


@given(orders=orders, most_ms=st.floats(0, 20))
def test_every_order_is_in_one_message(orders: list[Dispatch], most_ms: float) -> None:
    packed = [order for message in pack(orders, most_ms, size_of) for order in message]
    assert sorted(map(repr, packed)) == sorted(map(repr, orders))


@given(orders=orders, most_ms=st.floats(0, 20))
def test_what_shares_a_message_takes_no_longer_than_it_may(orders: list[Dispatch], most_ms: float) -> None:
    for message in pack(orders, most_ms, size_of):
        if len(message) > 1:
            assert sum(order.expected_ms or 0.0 for order in message) <= most_ms


def test_what_is_expected_is_the_mean_of_what_a_type_took_lately() -> None:
    pace = BundlePace()
    pace.computed("inference", 0.1)
    assert pace.expected_ms("inference") == 0.1
    pace.computed("inference", 50.0)
    assert pace.expected_ms("inference") == pytest.approx(0.1 + 49.9 / 20)
    for _ in range(300):
        pace.computed("inference", 50.0)
    assert pace.expected_ms("inference") == pytest.approx(50.0, abs=0.1)
    assert pace.expected_ms("fraud_detection") == JOB_TYPES["fraud_detection"].typical_ms, "until one tells"


def waited(pace: BundlePace, seconds: float, queue: str = "light") -> BundlePace:
    """The pace after many jobs of a queue that waited for so long."""
    for _ in range(300):
        pace.waited(queue, seconds)
    return pace


def test_jobs_are_held_back_for_a_tenth_of_the_time_that_they_wait_anyway() -> None:
    pace = waited(BundlePace(), 0.8)
    assert pace.hold_s("light", 100) == pytest.approx(0.08)
    assert waited(pace, 60.0).hold_s("light", 100) == 1.0, "never longer"


def test_jobs_of_a_queue_that_waits_longer_than_others_are_held_back_for_longer_and_no_others_for_less() -> None:
    pace = waited(waited(BundlePace(), 4.0, "heavy"), 0.8)
    assert pace.hold_s("heavy", 100) == pytest.approx(0.4)
    assert pace.hold_s("light", 100) == pytest.approx(0.08)
    pace = waited(waited(BundlePace(), 0.2), 4.0, "heavy")
    assert pace.hold_s("light", 100) == pytest.approx(0.4), "their hosts have others to compute meanwhile"
    assert pace.hold_s("a queue of tomorrow", 100) == pytest.approx(0.4)


def test_jobs_are_not_held_back_where_that_gains_nothing() -> None:
    pace = BundlePace()
    assert pace.hold_s("light", 100) > 0, "until the first result has told"
    assert pace.hold_s("light", 9) == 0.0, "nobody is to be expected who would share the message"
    pace.waited("light", 0.8)
    assert pace.hold_s("light", 9) == 0.0
    assert waited(pace, 0.004).hold_s("light", 100) == 0.0, "results come at once"


def test_checks_share_a_message_with_those_that_the_same_hosts_computed() -> None:
    first, second, third = (replace(one, message=replace(one.message, attempt=2)) for one in light(3))
    of_a = [replace(one, avoid=("w@a",), checks=True) for one in (first, third)]
    of_b = replace(second, avoid=("w@b",), checks=True)
    failed = replace(first, avoid=("w@a",))
    new = light(1)
    assert pack([of_a[0], of_b, failed, *new, of_a[1]], 4.0, size_of) == [of_a, [of_b], [failed], new]
