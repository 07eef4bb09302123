"""Which results are checked, and which are held until others of their host were."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from fleet.audit.auditor import Auditor
from fleet.audit.screening import Screening
from fleet.domain.checks import Checked, Screened
from tasks.messages import Outcome, ResultMessage

BOTH = frozenset({"worker@a", "worker@b"})


def _result(job: int | str, host: str = "a") -> ResultMessage:
    return ResultMessage(
        job_id=str(job), attempt=1, outcome=Outcome.COMPUTED, result={}, worker=f"worker@{host}", compute_ms=1.0
    )


def _screening(share: float = 0.02) -> Screening:
    return Screening(Auditor(share, random.Random(1)))


def _arrive(screening: Screening, jobs: range, host: str = "a") -> Counter[Screened]:
    return Counter(screening.arrived(_result(job, host), BOTH) for job in jobs)


def _agree(screening: Screening, jobs: range, first: str = "a") -> None:
    """The checks of these jobs found that both hosts agree."""
    for job in jobs:
        screening.over(str(job))
        screening.auditor.take(Checked(job_id=str(job), agreed=("a", "b"), first=first))


def _known(screening: Screening, agreed: int = 1_000) -> None:
    _agree(screening, range(agreed))


def test_ten_results_of_a_new_host_are_checked_at_once_and_the_others_are_held() -> None:
    screening = _screening()
    assert _arrive(screening, range(50)) == {Screened.CHECKED: 10, Screened.HELD: 40}
    assert screening.held == 40
    assert not [*screening.due()]


def test_each_check_that_is_over_makes_room_for_the_result_that_arrived_next() -> None:
    screening = _screening()
    _arrive(screening, range(50))
    _agree(screening, range(3, 5))
    assert [*screening.due()] == [("10", Screened.CHECKED), ("11", Screened.CHECKED)]


def test_a_result_that_arrives_meanwhile_does_not_overtake_those_that_are_held() -> None:
    screening = _screening()
    _arrive(screening, range(12))
    _agree(screening, range(1))
    assert screening.arrived(_result(12), BOTH) is Screened.HELD
    assert [*screening.due()] == [("10", Screened.CHECKED)]


def test_a_check_without_a_verdict_counts_for_nothing_and_another_result_takes_its_place() -> None:
    screening = _screening()
    _arrive(screening, range(50))
    for job in range(10):
        screening.over(str(job))
    assert [*screening.due()] == [(str(job), Screened.CHECKED) for job in range(10, 20)]


def test_once_ten_agreed_the_held_results_go_through_the_draw() -> None:
    screening = _screening()
    _arrive(screening, range(1_010))
    _agree(screening, range(10))
    due = Counter(screened for _, screened in screening.due())
    assert due[Screened.TAKEN] == pytest.approx(500, abs=60)
    assert due[Screened.CHECKED] == 10
    assert screening.held == 1_000 - due.total(), "the rest of those that were drawn wait until there is room"
    assert not [*screening.due()]


def test_a_result_that_was_drawn_is_checked_in_the_end_or_taken_as_the_share_falls_below_its_mark() -> None:
    screening = _screening()
    _arrive(screening, range(200))
    taken = checked = 0
    under_check = [*range(10)]
    while screening.held or under_check:
        for job in under_check:
            _agree(screening, range(job, job + 1))
        found = [*screening.due()]
        under_check = [int(job) for job, screened in found if screened is Screened.CHECKED]
        checked, taken = checked + len(under_check), taken + len(found) - len(under_check)
    assert taken + checked == 190
    assert checked >= 20


def test_a_host_that_only_confirms_the_results_of_others_stays_on_probation() -> None:
    screening = _screening()
    _agree(screening, range(100), first="b")
    assert _arrive(screening, range(20))[Screened.CHECKED] == 10
    assert screening.auditor.share_of("a") == 1
    assert screening.auditor.share_of("b") < 1


def test_all_that_are_drawn_of_a_known_host_are_checked_at_once() -> None:
    screening = _screening(0.5)
    _known(screening)
    found = _arrive(screening, range(1_000))
    assert found[Screened.CHECKED] == pytest.approx(500, abs=60)
    assert not screening.held


def test_a_wrong_result_has_all_that_are_held_and_all_that_follow_checked() -> None:
    screening = _screening()
    _arrive(screening, range(30))
    screening.over("0")
    screening.auditor.take(Checked(job_id="0", agreed=("b",), wrong=("a",), first="a"))
    assert [*screening.due()] == [("10", Screened.CHECKED)]
    _known(screening)
    screening.auditor.take(Checked(job_id="j", agreed=("b",), wrong=("a",), first="a"))
    assert screening.auditor.share_of("a") == 1


def test_what_is_held_of_a_distrusted_host_is_forgotten() -> None:
    screening = _screening()
    _arrive(screening, range(30))
    screening.auditor.keep_out(["a"], "2 of its results were wrong")
    assert not [*screening.due()]
    assert not screening.held
    assert screening.arrived(_result(20, "b"), BOTH) is Screened.CHECKED, "it is judged as a result of the new host"


def test_a_second_answer_to_a_job_that_is_checked_or_held_takes_no_room() -> None:
    screening = _screening()
    _arrive(screening, range(20))
    assert screening.arrived(_result(0, "b"), BOTH) is Screened.CHECKED
    assert screening.arrived(_result(15, "b"), BOTH) is Screened.HELD
    assert _arrive(screening, range(100, 120), "b") == {Screened.CHECKED: 10, Screened.HELD: 10}


def test_a_job_that_ended_while_its_result_was_held_is_not_named_again() -> None:
    screening = _screening()
    _arrive(screening, range(12))
    screening.over("10")
    _agree(screening, range(2))
    assert [*screening.due()] == [("11", Screened.CHECKED)]


def test_servers_that_share_the_hosts_share_the_room() -> None:
    one = _screening()
    other = Screening(one.auditor)
    assert _arrive(one, range(8)) == {Screened.CHECKED: 8}
    assert _arrive(other, range(8)) == {Screened.CHECKED: 2, Screened.HELD: 6}
    one.over("0")
    assert not [*one.due()]
    assert [*other.due()] == [("2", Screened.CHECKED)]


def test_a_flawed_result_is_a_failed_attempt_and_takes_no_room() -> None:
    screening = _screening()
    for job in range(20):
        assert screening.arrived(_result(job), BOTH, flawed=True) is Screened.TAKEN
    assert _arrive(screening, range(10)) == {Screened.CHECKED: 10}


def test_without_a_share_nothing_is_checked() -> None:
    assert _arrive(_screening(0.0), range(50)) == {Screened.TAKEN: 50}


def test_when_checks_are_switched_off_what_is_held_is_taken() -> None:
    screening = _screening()
    _arrive(screening, range(12))
    screening.auditor.share = 0.0
    assert [*screening.due()] == [("10", Screened.TAKEN), ("11", Screened.TAKEN)]


@pytest.mark.parametrize("able", [frozenset[str](), {"worker@a"}, {"worker@a-0123456789ab", "other@a"}])
def test_without_another_host_nothing_is_checked_and_that_is_counted(able: frozenset[str]) -> None:
    screening = _screening()
    assert {screening.arrived(_result(job), able) for job in range(5)} == {Screened.TAKEN}
    record = screening.auditor.records["a"]
    assert (record.results, record.unchecked) == (5, 5)
