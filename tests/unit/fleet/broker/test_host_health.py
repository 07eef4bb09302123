"""A broken host costs only itself: failures count by host, wait, and are left to others."""

from __future__ import annotations

import pytest

from fleet.broker.host_health import HostHealth
from fleet.domain.events import Published
from fleet.domain.jobs import JobState
from tasks.messages import Outcome
from tests.support.host_mining import BAD, GOOD, TYPE, WORSE, Mining, ended
from tests.support.insides import active_jobs


def test_a_failure_waits_and_names_the_host_for_the_next_attempt() -> None:
    mining = Mining()
    mining.knows(GOOD)
    mining.hears(ended("j1", 1, BAD))
    assert len(mining.orders) == 1
    mining.later(1.0)
    assert [order.avoid for order in mining.orders] == [(), (BAD,)]


def test_one_host_alone_can_not_have_a_job_given_up_while_another_one_computes() -> None:
    mining = Mining()
    mining.knows(GOOD)
    for attempt in range(1, 6):
        mining.hears(ended("j1", attempt, BAD))
        mining.later(6.0)
    assert not mining.failure()
    mining.hears(ended("j1", 6, GOOD, Outcome.COMPUTED))
    assert mining.state() in {JobState.COMPUTED, JobState.SUBMITTING}


def test_three_failures_are_enough_on_the_only_host() -> None:
    mining = Mining()
    for attempt in (1, 2, 3):
        assert not mining.failure()
        mining.hears(ended("j1", attempt, BAD))
        mining.later(6.0)
    assert mining.failure() == "broken"
    # there is nobody to leave it to
    assert all(order.avoid == () for order in mining.orders)


def test_three_hosts_that_fail_are_enough_though_a_fourth_one_computes() -> None:
    mining = Mining()
    mining.knows(GOOD)
    for attempt, host in enumerate((BAD, WORSE, "worker@third"), start=1):
        assert not mining.failure()
        mining.hears(ended("j1", attempt, host))
        mining.later(6.0)
    assert mining.failure() == "broken"


def test_three_names_of_one_host_are_one_host() -> None:
    mining = Mining()
    mining.knows(GOOD)
    for attempt in (1, 2, 3, 4):
        mining.hears(ended("j1", attempt, f"worker-{attempt}@bad"))
        mining.later(6.0)
    assert not mining.failure()
    mining.hears(ended("j1", 5, GOOD, Outcome.COMPUTED))
    assert mining.state() in {JobState.COMPUTED, JobState.SUBMITTING}


def test_a_host_that_takes_it_again_and_again_is_given_up_on_in_the_end() -> None:
    mining = Mining()
    mining.knows(GOOD)
    for attempt in range(1, 10):
        assert not mining.failure()
        mining.hears(ended("j1", attempt, BAD))
        mining.later(6.0)
    assert mining.failure() == "broken"


def test_what_one_host_refuses_another_one_may_compute() -> None:
    mining = Mining()
    mining.knows(GOOD)
    mining.hears(ended("j1", 1, BAD, Outcome.REFUSED))
    assert not mining.failure()
    mining.later(1.0)
    assert mining.orders[-1].avoid == (BAD,)
    mining.hears(ended("j1", 2, GOOD, Outcome.COMPUTED))
    assert mining.state() in {JobState.COMPUTED, JobState.SUBMITTING}


@pytest.mark.parametrize("others", [True, False])
def test_a_job_is_refused_for_good_by_two_hosts_or_by_the_only_one(others: bool) -> None:
    mining = Mining()
    if others:
        mining.knows(GOOD)
        mining.hears(ended("j1", 1, BAD, Outcome.REFUSED))
        mining.later(1.0)
        assert not mining.failure()
    mining.hears(ended("j1", 1 + others, GOOD, Outcome.REFUSED))
    assert mining.failure() == "broken"


def test_a_host_that_has_not_computed_for_long_is_no_other_one() -> None:
    mining = Mining(max_unanswered=99)
    mining.knows(GOOD)
    mining.later(121.0)
    attempt = mining.orders[-1].message.attempt
    mining.hears(ended("j1", attempt, BAD))
    mining.later(1.0)
    assert mining.orders[-1].message.attempt == attempt + 1
    assert mining.orders[-1].avoid == ()


def test_attempts_without_any_answer_are_an_end_with_a_cause() -> None:
    mining = Mining(max_unanswered=4)
    for _ in range(4):
        assert not mining.failure()
        mining.later(31.0)
    assert len(mining.orders) == 4
    assert mining.failure() == "no answer to 4 attempts"
    assert "no answer to 4 attempts" in mining.warnings


def test_an_answer_or_an_emptied_redis_starts_the_count_over() -> None:
    mining = Mining(max_unanswered=3)
    for _ in range(2):
        mining.later(31.0)
    mining.hears(ended("j1", 1, BAD))
    mining.later(31.0)
    mining.farm.on_broker_emptied(mining.now)
    for _ in range(2):
        mining.later(31.0)
    assert not mining.failure()


def test_a_message_that_waits_in_the_queue_is_no_attempt_without_an_answer() -> None:
    mining = Mining(max_unanswered=3)
    work = active_jobs(mining.miner)["j1"]
    for _ in range(9):
        mining.later(31.0)
        # the dispatcher found it in the queue
        work.unanswered = max(work.unanswered - 1, 0)
        mining.miner.on(
            Published(job_id="j1", miner_id="", attempt=work.attempt, published=True, waits=True), mining.now
        )
    assert not mining.failure()


def test_a_host_that_fails_many_times_in_a_row_is_warned_of_by_name_and_seldom() -> None:
    hosts = HostHealth()
    hosts.ended(ended("j0", 1, BAD, Outcome.COMPUTED), TYPE, 0.0)
    said = [hosts.ended(ended(f"j{n}", 1, BAD), TYPE, float(n)) for n in range(100)]
    assert [number for number, text in enumerate(said, start=1) if text] == [5, 20, 80]
    assert (
        said[4] == f"{BAD} failed 5 times in a row on data_validation, 5 jobs in all beside 1 that it computed: broken"
    )


def test_a_host_that_computes_between_two_failures_is_not_warned_of() -> None:
    hosts = HostHealth()
    for number in range(100):
        outcome = Outcome.COMPUTED if number % 4 == 0 else Outcome.FAILED
        assert hosts.ended(ended(f"j{number}", 1, BAD, outcome), TYPE, float(number)) is None


def test_a_host_that_fails_on_one_type_alone_is_warned_of_by_that_type() -> None:
    """Each job of another type that it computed began the count again."""
    hosts, said = HostHealth(), []
    for number in range(10):
        hosts.ended(ended(f"a{number}", 1, BAD, Outcome.COMPUTED), "inference", float(number))
        said.append(hosts.ended(ended(f"b{number}", 1, BAD), TYPE, float(number)))
    assert [text for text in said if text] == [
        f"{BAD} failed 5 times in a row on data_validation, 5 jobs in all beside 5 that it computed: broken"
    ]


def test_invented_names_take_no_memory_without_end() -> None:
    hosts = HostHealth()
    for number in range(10_000):
        hosts.ended(ended("j1", 1, f"worker@{number}", Outcome.COMPUTED), TYPE, 1.0)
    assert len(hosts.able(1.0)) <= 256
