"""Jobs go to a queue of the classes that the same workers serve; what no worker serves follows the policy."""

from __future__ import annotations

import pytest

from fleet.broker.routes import ONE_QUEUE, Router, Routes, routes_for
from tasks.job_queues import QUEUES
from tasks.jobtypes import LEVELS
from tasks.messages import JOBS_QUEUE

NOW = 1_000.0


@pytest.mark.parametrize(
    ("live", "taken_by"),
    [
        # alike: one queue, as ever
        ({1}, (1, 1, 1, 1, 1, 1)),
        ({3}, (1, 1, 1, 1, 1, 1)),
        ({6}, (1, 1, 1, 1, 1, 1)),
        # matrix_ops and model_training are long
        ({1, 6}, (1, 2, 3, 3, 2, 3)),
        ({2, 4}, (1, 1, 3, 3, 3, 3)),
        ({1, 3}, (1, 2, 3, 3, 2, 3)),
        ({1, 3, 4, 6}, (1, 2, 3, 4, 5, 6)),
        ({1, 2, 3, 4, 5, 6}, (1, 2, 3, 4, 5, 6)),
    ],
)
def test_classes_with_the_same_workers_share_a_queue_or_two(live: set[int], taken_by: tuple[int, ...]) -> None:
    routes = routes_for(live, refuse=False)
    assert tuple(routes.by_level[level] for level in LEVELS) == taken_by
    for level in LEVELS:
        qualified = {one for one in live if one >= level} or {max(live)}
        serving = {one for one in live if one >= routes.by_level[level]}
        assert serving == qualified, "a job goes to hosts that qualify, or to the best there are"
    assert routes.refused == ()


def test_what_no_worker_serves_can_be_refused() -> None:
    routes = routes_for({1, 4}, refuse=True)
    assert routes.by_level == {1: 1, 2: 2, 3: 3, 4: 3}
    assert routes.refused == ("model_training", "federated_learning")
    assert routes.queue_of(5) is None
    assert not routes.takes("model_training")
    assert routes.queues == {QUEUES[1], QUEUES[2], QUEUES[3]}
    assert routes_for({6}, refuse=True) == ONE_QUEUE


def test_while_hosts_help_the_short_jobs_of_all_classes_share_the_first_queue() -> None:
    assert routes_for({1, 3, 6}, refuse=False, helping=True).by_level == {1: 1, 2: 2, 3: 1, 4: 1, 5: 5, 6: 1}
    assert routes_for({1, 4}, refuse=False, helping=True).by_level == {1: 1, 2: 2, 3: 1, 4: 1, 5: 2, 6: 1}
    assert routes_for({6}, refuse=False, helping=True) == ONE_QUEUE
    assert routes_for({1, 4}, refuse=True, helping=True) == routes_for({1, 4}, refuse=True), "nobody may help"
    made = router(1, 6)
    assert made.look(NOW) == routes_for({1, 6}, refuse=False)
    made.live({"host-0": 1, "host-1": 6}, helping=True)
    assert made.look(NOW + 1) == routes_for({1, 6}, refuse=False, helping=True)


def router(*levels: int, refuse: bool = False) -> Router:
    made = Router(refuse=refuse)
    made.live({f"host-{number}": level for number, level in enumerate(levels)})
    return made


def test_routes_are_told_when_they_change() -> None:
    made = Router()
    assert made.look(NOW) is None, "nothing is known of the workers"
    made.live({"a": 6, "b": 1})
    assert made.look(NOW) == routes_for({1, 6}, refuse=False)
    assert made.look(NOW + 5) is None
    made.live({"a": 6, "b": 1, "c": 6})
    assert made.look(NOW + 6) is None
    made.live({"b": 1})
    assert made.look(NOW + 6.1) == ONE_QUEUE
    made.live({})
    assert made.look(NOW + 7) is None, "without workers the jobs wait"
    assert made.routes == ONE_QUEUE


def test_the_queue_of_a_type_is_known_by_its_name() -> None:
    made = router(1, 5)
    made.look(NOW)
    assert made.queue_of("inference") == JOBS_QUEUE
    assert made.queue_of("model_training") == QUEUES[2]
    assert made.queue_of("federated_learning") == QUEUES[3]
    assert made.queue_of("a type of tomorrow") == JOBS_QUEUE


def routes_at(made: Router, now: float) -> Routes:
    made.look(now)
    return made.routes


def test_a_class_that_brings_no_result_for_a_minute_counts_as_served_by_nobody_for_a_while() -> None:
    made = router(1, 6)
    believed = routes_at(made, NOW)
    made.ordered("model_training", NOW)
    made.ordered("inference", NOW)
    assert routes_at(made, NOW + 59) == believed
    assert routes_at(made, NOW + 61) == ONE_QUEUE, "some worker claims what it does not do"
    assert routes_at(made, NOW + 600) == ONE_QUEUE
    assert routes_at(made, NOW + 700) == believed


def test_a_class_whose_jobs_are_computed_is_believed() -> None:
    made = router(1, 6)
    believed = routes_at(made, NOW)
    for second in range(0, 600, 40):
        made.ordered("model_training", NOW + second)
        made.ended("model_training", NOW + second)
        assert routes_at(made, NOW + second) == believed
    made.ordered("model_training", NOW + 600)
    made.paused()
    assert routes_at(made, NOW + 700) == believed, "no worker took jobs meanwhile"


def test_a_message_is_out_of_its_queue_once_a_later_one_was_computed() -> None:
    made = router(1, 6)
    made.look(NOW)
    assert not made.overtaken("inference", NOW)
    made.ended("inference", NOW + 1)
    assert not made.overtaken("inference", NOW), "about the same time"
    made.ended("fraud_detection", NOW + 5)
    made.ended("inference", NOW + 3)
    assert made.overtaken("inference", NOW)
    assert not made.overtaken("inference", None)
    assert not made.overtaken("model_training", NOW), "it has another queue"
    made.live({"a": 1})
    made.look(NOW + 6)
    assert not made.overtaken("inference", NOW), "messages were moved behind others"


def test_who_serves_a_type_is_known_by_what_workers_state() -> None:
    made = Router()
    made.live({"shed": 1, "attic": 6})
    made.look(NOW)
    everyone = {"worker@shed", "worker@attic", "worker@new"}
    assert made.serving(everyone, "inference") == everyone
    assert made.serving(everyone, "model_training") == {"worker@attic", "worker@new"}
