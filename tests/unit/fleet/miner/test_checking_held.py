"""Results that are held until checks of other results have shown whether their host is right, on one pure miner."""

from __future__ import annotations

import pytest

from fleet.domain.calls import CallKind
from fleet.domain.checks import Checked, Screened
from fleet.domain.events import BrokerEmptied, DrainBegun, DrainOver, HoldOver, HostDistrusted, HostsLeft
from fleet.domain.jobs import JobState
from fleet.miner.policy import Policy
from tasks.messages import Outcome
from tests.support.checked_script import CheckedScript
from tests.support.insides import active_jobs
from tests.support.miner_script import accepted

CHECKED = HoldOver(job_id="j1", screened=Screened.CHECKED)
TAKEN = HoldOver(job_id="j1", screened=Screened.TAKEN)


def _held() -> CheckedScript:
    script = CheckedScript()
    script.published(1)
    script.came("a", attempt=1, held=True)
    return script


def test_a_held_result_is_neither_submitted_nor_computed_a_second_time() -> None:
    script = _held()
    script.waited(Policy().redispatch_s)
    script.effects += script.miner.on(BrokerEmptied(), script.now)
    script.waited(1.0)
    assert not active_jobs(script.miner)["j1"].result
    assert script.orders == [(1, ())]


def test_it_is_submitted_once_it_is_taken() -> None:
    script = _held()
    script.effects += script.miner.on(TAKEN, script.now)
    assert script.score == 0.5
    assert not script.found
    script.call(CallKind.SUBMIT, accepted())
    assert script.last_state("j1") is JobState.ACCEPTED
    assert not script.miner.on(CHECKED, script.now), "the job has ended"


def test_it_is_computed_by_another_host_once_it_is_checked() -> None:
    script = _held()
    script.effects += script.miner.on(CHECKED, script.now)
    assert script.orders == [(1, ()), (2, ("worker@a",))]
    script.came("b", attempt=2)
    assert script.found == [Checked(job_id="j1", agreed=("a", "b"), first="a", extra_ms=2.0)]


def test_it_is_submitted_unchecked_when_nothing_was_decided_within_the_time_of_a_check() -> None:
    script = _held()
    assert script.miner.wakes_at <= script.now + 2 * Policy().redispatch_s
    script.waited(2 * Policy().redispatch_s)
    assert script.score == 0.5
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_it_waits_for_half_of_the_time_that_is_left_to_its_deadline_at_most() -> None:
    script = CheckedScript()
    active_jobs(script.miner)["j1"].expires_at = script.now + 20.0
    script.came("a", attempt=1, held=True)
    script.waited(10.0)
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_in_a_drain_it_waits_no_longer_than_a_check() -> None:
    script = _held()
    script.effects += script.miner.on(DrainBegun(), script.now)
    script.waited(script.miner.wakes_at - script.now)
    assert script.found == [Checked(job_id="j1", unchecked="a")]
    assert script.now < 1_005.0


def test_a_drain_that_is_given_up_ends_its_job() -> None:
    script = _held()
    script.effects += script.miner.on(DrainBegun(), script.now)
    script.effects += script.miner.on(DrainOver(), script.now)
    assert script.last_state("j1") is JobState.EXPIRED


def test_it_is_computed_again_by_another_host_when_its_host_is_distrusted() -> None:
    script = _held()
    script.effects += script.miner.on(HostDistrusted("a"), script.now)
    assert script.last_state("j1") is JobState.ASSIGNED
    script.waited(1.0)
    assert script.orders == [(1, ()), (2, ("worker@a",))]
    script.came("b", 0.7, attempt=2, check=False)
    assert script.score == 0.7
    assert not script.found


def test_it_is_submitted_unchecked_when_no_other_host_is_left() -> None:
    script = _held()
    script.effects += script.miner.on(HostsLeft(frozenset({"worker@a"})), script.now)
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_another_host_that_answers_an_earlier_attempt_decides_it() -> None:
    script = CheckedScript()
    script.published(1)
    script.waited(Policy().redispatch_s)
    script.came("a", attempt=2, held=True)
    script.came("b", attempt=1, held=True)
    assert script.found == [Checked(job_id="j1", agreed=("a", "b"), first="a", extra_ms=2.0)]


def test_once_two_hosts_disagree_a_third_one_is_asked_at_once() -> None:
    script = CheckedScript()
    script.published(1)
    script.waited(Policy().redispatch_s)
    script.came("a", 0.1, attempt=1, held=True)
    script.came("b", 0.5, attempt=2, held=True)
    assert script.orders[-1] == (3, ("worker@a", "worker@b"))
    assert not script.miner.on(TAKEN, script.now), "it is no longer for its host alone to be believed"
    script.came("c", 0.5, attempt=3)
    assert script.found == [Checked(job_id="j1", agreed=("b", "c"), wrong=("a",), first="a", extra_ms=4.0)]


@pytest.mark.parametrize("over", [CHECKED, TAKEN])
def test_while_a_later_attempt_is_under_way_no_further_one_is_ordered(over: HoldOver) -> None:
    script = CheckedScript()
    script.published(1)
    script.waited(Policy().redispatch_s)
    script.came("a", attempt=1, held=True)
    script.effects += script.miner.on(over, script.now)
    assert [attempt for attempt, _ in script.orders] == [1, 2]
    assert bool(active_jobs(script.miner)["j1"].result) is (over is TAKEN)


def test_a_later_attempt_that_fails_leaves_it_held() -> None:
    script = CheckedScript()
    script.published(1)
    script.waited(Policy().redispatch_s)
    script.came("a", attempt=1, held=True)
    script.came("b", attempt=2, outcome=Outcome.FAILED)
    script.waited(1.0)
    assert [attempt for attempt, _ in script.orders] == [1, 2]
    script.effects += script.miner.on(TAKEN, script.now)
    assert script.score == 0.5
