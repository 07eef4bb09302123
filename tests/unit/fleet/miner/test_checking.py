"""Jobs that several hosts compute before their result is submitted, on one pure miner.

One file: each test tells who answered one job, and in which order.
"""

from __future__ import annotations

from fleet.domain.calls import CallKind
from fleet.domain.checks import Checked
from fleet.domain.effects import JobMoved, Notice
from fleet.domain.events import DrainBegun, HostDistrusted, HostsLeft
from fleet.domain.jobs import JobState
from fleet.miner.policy import Policy
from tasks.messages import Outcome
from tests.support.checked_script import CheckedScript
from tests.support.insides import active_jobs
from tests.support.miner_script import accepted


def test_a_result_that_is_not_checked_is_computed_at_once() -> None:
    script = CheckedScript()
    script.came("a", attempt=1, check=False)
    assert script.last_state("j1") is JobState.COMPUTED
    assert not script.found


def test_a_checked_result_waits_for_another_host_that_agrees() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    assert script.last_state("j1") is JobState.ASSIGNED
    assert script.orders == [(1, ()), (2, ("worker@a",))]
    script.came("b", attempt=2, check=False)
    assert script.last_state("j1") is JobState.COMPUTED
    assert script.found == [Checked(job_id="j1", agreed=("a", "b"), first="a", extra_ms=2.0)]
    script.call(CallKind.SUBMIT, accepted())
    assert script.last_state("j1") is JobState.ACCEPTED


def test_a_third_host_decides_between_two_that_disagree() -> None:
    script = CheckedScript()
    script.came("a", 0.1, attempt=1)
    script.came("b", 0.5, attempt=2)
    assert script.orders[-1] == (3, ("worker@a", "worker@b"))
    script.came("c", 0.5, attempt=3)
    assert script.score == 0.5
    assert script.found == [Checked(job_id="j1", agreed=("b", "c"), wrong=("a",), first="a", extra_ms=4.0)]


def test_with_two_hosts_the_one_that_contradicts_itself_is_wrong() -> None:
    both = frozenset({"worker@a", "worker@b"})
    script = CheckedScript()
    script.came("a", 0.1, attempt=1, able=both)
    script.came("b", 0.5, attempt=2, able=both)
    script.came("a", 0.2, attempt=3, able=both)
    assert script.score == 0.5
    assert [one.wrong for one in script.found] == [("a",), ()]
    assert script.found[-1].unchecked == "b"


def test_two_hosts_that_insist_on_different_results_have_neither_submitted() -> None:
    both = frozenset({"worker@a", "worker@b"})
    script = CheckedScript()
    for attempt, (host, score) in enumerate([("a", 0.1), ("b", 0.5), ("a", 0.1), ("b", 0.5), ("a", 0.1)], 1):
        script.came(host, score, attempt=attempt, able=both)
    goodbye = script.begin(CallKind.SUBMIT)
    assert goodbye.result == {"error": "hosts computed different results"}, "it names no host to the server"
    told = [effect.text for effect in script.effects if isinstance(effect, Notice)]
    assert "a and b computed different results, and no other host could decide" in told
    assert script.found == [Checked(job_id="j1", disputed=True)]


def test_a_result_of_an_earlier_attempt_orders_none_while_a_later_one_is_under_way() -> None:
    script = CheckedScript()
    script.came("a", 0.1, attempt=1)
    script.came("b", 0.5, attempt=1)
    assert [attempt for attempt, _ in script.orders] == [1, 2]
    script.came("c", 0.5, attempt=2)
    assert script.score == 0.5


def test_a_host_that_contradicts_itself_leaves_the_job_to_others() -> None:
    script = CheckedScript()
    script.came("a", 0.1, attempt=1)
    script.came("a", 0.2, attempt=2)
    assert [one.wrong for one in script.found] == [("a",)]
    assert not active_jobs(script.miner)["j1"].result
    script.came("b", 0.5, attempt=3, check=False)
    script.came("c", 0.5, attempt=4, check=False)
    assert script.score == 0.5


def test_a_job_that_every_other_host_refuses_ends_with_the_only_result() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    script.came("b", attempt=2, outcome=Outcome.REFUSED, able=frozenset({"worker@a", "worker@b"}))
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_the_same_entry_twice_is_no_second_opinion() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    script.came("a", attempt=1)
    assert script.last_state("j1") is JobState.ASSIGNED
    assert len(script.orders) == 2


def test_a_check_that_nobody_answers_ends_with_the_only_result_and_says_so() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    for attempt in (2, 3):
        script.published(attempt)
        script.waited(Policy().redispatch_s)
    assert script.last_state("j1") is JobState.COMPUTED
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_a_check_whose_order_is_held_since_no_worker_takes_it_ends_with_the_only_result() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    assert script.miner.wakes_at <= script.now + 2 * Policy().redispatch_s
    for _ in range(2):
        script.waited(Policy().redispatch_s)
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_a_drain_has_a_check_that_nobody_answers_decided_long_before_it_gives_up_its_jobs() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    script.published(2)
    script.effects += script.miner.on(DrainBegun(), script.now)
    assert not script.found
    script.waited(script.miner.wakes_at - script.now)
    assert script.found == [Checked(job_id="j1", unchecked="a")]
    assert script.now < 1_005.0
    script.call(CallKind.SUBMIT, accepted())
    assert script.last_state("j1") is JobState.ACCEPTED


def test_a_check_that_begins_during_a_drain_waits_no_longer() -> None:
    script = CheckedScript()
    script.effects += script.miner.on(DrainBegun(), script.now)
    script.came("a", attempt=1)
    script.waited(script.miner.wakes_at - script.now)
    assert script.found == [Checked(job_id="j1", unchecked="a")]
    assert script.now < 1_005.0


def test_a_job_of_which_no_result_counts_any_more_is_not_decided_again_and_again() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    script.published(2)
    script.effects += script.miner.on(HostDistrusted("a"), script.now)
    script.effects += script.miner.on(DrainBegun(), script.now)
    script.waited(Policy().redispatch_s)
    assert script.miner.wakes_at > script.now
    assert not script.found


def test_a_check_that_fails_on_every_other_host_ends_with_the_only_result() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    for attempt in (2, 3, 4):
        script.came("b", attempt=attempt, outcome=Outcome.FAILED, able=frozenset({"worker@a", "worker@b"}))
        script.waited(1.0)
    assert script.found == [Checked(job_id="j1", unchecked="a")]
    assert script.score == 0.5


def test_a_job_whose_deadline_passes_during_a_check_is_decided_by_the_only_result() -> None:
    script = CheckedScript()
    active_jobs(script.miner)["j1"].expires_at = script.now + 5.0
    script.came("a", attempt=1)
    script.waited(5.0)
    assert script.last_state("j1") is JobState.COMPUTED
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_a_check_takes_half_of_the_time_that_is_left_to_a_deadline_at_most() -> None:
    script = CheckedScript()
    active_jobs(script.miner)["j1"].expires_at = script.now + 20.0
    script.came("a", attempt=1)
    script.waited(10.0)
    assert script.last_state("j1") is JobState.COMPUTED
    assert script.found == [Checked(job_id="j1", unchecked="a")]


def test_a_result_of_a_host_that_is_not_trusted_is_a_failed_attempt() -> None:
    script = CheckedScript()
    script.came("a", attempt=1, trusted=False, check=False)
    script.waited(1.0)
    assert not active_jobs(script.miner)["j1"].result
    assert script.orders[-1] == (2, ("worker@a",))


def test_what_a_distrusted_host_computed_alone_is_computed_again_unless_it_was_sent() -> None:
    script = CheckedScript()
    script.came("a", attempt=1, check=False)
    script.effects += script.miner.on(HostDistrusted("a"), script.now)
    assert script.last_state("j1") is JobState.ASSIGNED
    script.waited(1.0)
    assert script.orders[-1] == (2, ("worker@a",))
    script.came("b", 0.7, attempt=2, check=False)
    assert script.score == 0.7
    script.begin(CallKind.SUBMIT)
    before = len(script.effects)
    script.effects += script.miner.on(HostDistrusted("b"), script.now)
    assert len(script.effects) == before


def test_what_another_host_confirmed_stays_when_its_first_host_is_distrusted() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    script.came("b", attempt=2)
    script.effects += script.miner.on(HostDistrusted("a"), script.now)
    assert script.last_state("j1") is JobState.COMPUTED


def test_a_claim_of_a_distrusted_host_counts_no_more() -> None:
    script = CheckedScript()
    script.came("a", 0.1, attempt=1)
    script.effects += script.miner.on(HostDistrusted("a"), script.now)
    script.came("b", 0.5, attempt=2, check=False)
    assert not active_jobs(script.miner)["j1"].result, "it is to be checked, whoever answers"
    script.came("c", 0.5, attempt=3, check=False)
    assert script.score == 0.5
    assert not [one for one in script.effects if isinstance(one, JobMoved) and one.state is JobState.QUARANTINED]


def test_a_check_that_nobody_else_can_make_any_more_is_given_up_at_once() -> None:
    script = CheckedScript()
    script.came("a", attempt=1, able=frozenset({"worker@a", "worker@b"}))
    assert script.orders[-1] == (2, ("worker@a",))
    script.effects += script.miner.on(HostsLeft(frozenset({"worker@a", "worker@c"})), script.now)
    assert script.last_state("j1") is JobState.ASSIGNED, "c can still check it"
    script.effects += script.miner.on(HostsLeft(frozenset({"worker@a"})), script.now)
    assert script.score == 0.5
    assert script.found[-1].unchecked == "a"


def test_a_job_without_a_result_that_counts_is_not_lost_when_the_other_hosts_leave() -> None:
    script = CheckedScript()
    script.came("a", attempt=1)
    script.effects += script.miner.on(HostDistrusted("a"), script.now)
    script.effects += script.miner.on(HostsLeft(frozenset()), script.now)
    assert not script.found
    assert script.last_state("j1") is JobState.ASSIGNED


def test_hosts_that_disagree_are_still_asked_again_when_a_third_one_leaves() -> None:
    script = CheckedScript()
    script.came("a", 0.1, attempt=1)
    script.came("b", 0.5, attempt=2)
    script.effects += script.miner.on(HostsLeft(frozenset({"worker@a", "worker@b"})), script.now)
    assert not active_jobs(script.miner)["j1"].result
