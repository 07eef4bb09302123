"""A farm whose hosts check each other: what is taken, what is computed again, and what is told."""

from __future__ import annotations

import random

import pytest

from fleet.audit.auditor import Auditor
from fleet.domain.jobs import JobState
from tasks.messages import Outcome, ResultMessage
from tests.support.host_mining import BAD, GOOD, WORSE, Mining, ended
from tests.support.insides import active_jobs


def _mining(share: float = 1.0) -> Mining:
    mining = Mining()
    mining.farm.workers.screening.auditor = Auditor(share, random.Random(1))
    for host in (GOOD, BAD, WORSE):
        mining.knows(host)
    mining.later(0.0)
    return mining


def _result(job_id: str, attempt: int, host: str, score: float = 0.9, compute_ms: float = 1.0) -> ResultMessage:
    return ResultMessage(
        job_id=job_id,
        attempt=attempt,
        outcome=Outcome.COMPUTED,
        result={"integrity_score": score},
        worker=host,
        compute_ms=compute_ms,
    )


def _is_computed(mining: Mining, job_id: str = "j1") -> bool:
    return mining.state(job_id) in {JobState.COMPUTED, JobState.SUBMITTING}


def test_a_job_is_submitted_once_a_second_host_agrees() -> None:
    mining = _mining()
    mining.hears(_result("j1", 1, BAD))
    assert [order.avoid for order in mining.orders] == [(), (BAD,)]
    assert not _is_computed(mining)
    mining.hears(_result("j1", 2, GOOD))
    assert _is_computed(mining)
    records = mining.farm.workers.auditor.records
    assert [(records[name].checked, records[name].agreed) for name in ("bad", "good")] == [(1, 1), (1, 1)]


def test_a_farm_with_one_host_checks_nothing_and_computes_nothing_twice() -> None:
    mining = Mining()
    mining.farm.workers.screening.auditor = Auditor(1.0, random.Random(1))
    mining.hears(ended("j1", 1, GOOD, Outcome.COMPUTED))
    assert _is_computed(mining)
    assert len([order for order in mining.orders if order.message.job_id == "j1"]) == 1


def test_the_job_that_shows_the_second_wrong_result_has_the_right_one_submitted() -> None:
    mining = _mining()
    mining.farm.workers.auditor.record("bad").wrong = 1
    mining.hears(_result("j1", 1, BAD, 0.1))
    mining.hears(_result("j1", 2, GOOD))
    mining.hears(_result("j1", 3, WORSE))
    assert _is_computed(mining)
    assert (active_jobs(mining.miner)["j1"].result or {})["integrity_score"] == 0.9
    assert mining.farm.workers.able == {GOOD, WORSE}


def test_what_a_host_that_is_not_trusted_answers_is_a_failed_attempt() -> None:
    mining = _mining()
    mining.farm.workers.auditor.keep_out(["bad"], "it was wrong")
    mining.hears(_result("j1", 1, BAD))
    mining.later(1.0)
    assert not _is_computed(mining)
    assert mining.orders[-1].avoid == (BAD,)
    assert any("computed by a host that is not trusted" in text for text in mining.warnings)


def test_a_kernel_time_is_cut_to_the_time_that_the_job_was_away() -> None:
    mining = _mining(0.02)
    mining.farm.workers.auditor.record("good").in_a_row = 1_000
    mining.later(2.0)
    mining.hears(_result("j1", 1, GOOD, compute_ms=60_000.0))
    mining.hears(_result("j1", 2, BAD))
    assert _is_computed(mining)
    assert active_jobs(mining.miner)["j1"].compute_ms < 3_000


@pytest.mark.parametrize(("paused", "computed"), [((), False), (("bad",), False), (("good",), True)])
def test_a_host_that_an_order_pauses_is_not_waited_for(paused: tuple[str, ...], computed: bool) -> None:
    mining = Mining()
    mining.farm.workers.screening.auditor = Auditor(1.0, random.Random(1))
    mining.knows(GOOD)
    mining.farm.workers.pause_hosts(("shed", "good", "bad"))
    mining.farm.workers.pause_hosts(paused)
    mining.hears(_result("j1", 1, BAD))
    assert _is_computed(mining) is computed


def _held() -> Mining:
    """A job whose result is held, since as many of its host as may be are under check."""
    mining = _mining()
    mining.farm.workers.auditor.at_once = 0
    mining.hears(_result("j1", 1, BAD))
    assert not _is_computed(mining)
    assert [order.avoid for order in mining.orders] == [()]
    return mining


def test_a_held_result_is_checked_once_there_is_room() -> None:
    mining = _held()
    mining.farm.workers.auditor.at_once = 1
    mining.later(0.0)
    assert [order.avoid for order in mining.orders] == [(), (BAD,)]
    mining.hears(_result("j1", 2, GOOD))
    assert _is_computed(mining)
    assert mining.farm.workers.auditor.records["bad"].agreed == 1


def test_a_held_result_is_submitted_once_its_host_is_trusted() -> None:
    mining = _held()
    mining.farm.workers.auditor.share = 0.0
    mining.later(0.0)
    assert _is_computed(mining)


def test_a_held_result_of_a_host_that_is_found_to_be_wrong_is_computed_again_by_another() -> None:
    mining = _held()
    mining.farm.workers.auditor.keep_out(["bad"], "2 of its results were wrong")
    mining.later(0.0)
    mining.later(1.0)
    assert mining.orders[-1].avoid == (BAD,)
    mining.farm.workers.auditor.at_once = 1
    mining.hears(_result("j1", 2, GOOD, 0.7))
    mining.hears(_result("j1", 3, WORSE, 0.7))
    assert (active_jobs(mining.miner)["j1"].result or {})["integrity_score"] == 0.7
    assert not mining.farm.workers.screening.held
