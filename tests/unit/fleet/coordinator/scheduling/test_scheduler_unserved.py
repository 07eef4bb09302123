"""Jobs that no worker's host qualifies for are lost at once where the settings refuse them, and computed elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fleet.broker.presence import WorkerLevels
from fleet.domain.calls import CallKind
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved
from fleet.domain.events import Published
from fleet.domain.jobs import Job, JobOrigin, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tasks.messages import Outcome, ResultMessage
from tests.support.answered import Answered, job

HEAVY: Job = replace(job(JobOrigin.FETCHED), job_type="model_training")


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger(open_engine("sqlite://"), "s") as opened:
        yield opened


def farm(ledger: Ledger, *levels: int, refuse: bool = True) -> Answered:
    made = Answered(ledger).mining()
    made.farm.workers.router.refuse = refuse
    serve(made, *levels)
    return made


def serve(made: Answered, *levels: int) -> None:
    made.farm.workers.hear(WorkerLevels({f"host-{number}": level for number, level in enumerate(levels)}))
    made.farm.workers.router.look(made.now)


def fetched(made: Answered, given: Job = HEAVY) -> None:
    (fetch,) = made.waiting(CallKind.FETCH)
    made.answer(fetch, given)


def losses(made: Answered) -> list[tuple[JobState, Loss | None, str | None]]:
    return [(one.state, one.loss, one.cause) for one in made.turn().writes if isinstance(one, JobMoved) and one.loss]


REFUSED = (
    JobState.COMPUTED,
    Loss.UNSERVED,
    "no host qualifies: model_training needs 8 cores and a GPU of 8 GB",
)


def test_a_refused_job_reaches_no_worker_and_its_miner_says_why(ledger: Ledger) -> None:
    made = farm(ledger, 4)
    fetched(made)
    turn = made.turn()
    assert turn.dispatches == []
    assert [(one.state, one.loss, one.cause) for one in turn.writes if isinstance(one, JobMoved) and one.loss] == [
        REFUSED
    ]
    made.turn()
    (call,) = made.waiting(CallKind.SUBMIT)
    assert "no host qualifies" in call.result["error"]


def test_by_default_and_for_hosts_that_qualify_a_job_is_sent(ledger: Ledger) -> None:
    for made in (farm(ledger, 5, 1), farm(ledger, 1, refuse=False)):
        fetched(made)
        assert len(made.turn().dispatches) == 1


def published(made: Answered) -> None:
    (order,) = made.turn().dispatches
    message = order.message
    word = Published(job_id=message.job_id, miner_id=message.miner_id, attempt=message.attempt, published=True)
    made.farm.on_published(word, made.now)
    made.turn()


def test_when_the_last_host_that_qualifies_goes_its_waiting_jobs_are_lost_within_seconds(ledger: Ledger) -> None:
    made = farm(ledger, 5, 1)
    fetched(made)
    published(made)
    serve(made, 1)
    assert losses(made) == []
    made.now += 5.0
    made.turn()
    assert losses(made) == [REFUSED]


def test_the_result_of_a_host_that_leaves_counts(ledger: Ledger) -> None:
    made = farm(ledger, 5, 1)
    fetched(made)
    published(made)
    serve(made, 1)
    made.turn()
    made.now += 1.0
    result = {"weights_hash": "ab"}
    made.farm.on_result(ResultMessage(job_id="j1", attempt=1, outcome=Outcome.COMPUTED, result=result), made.now)
    made.now += 5.0
    assert losses(made) == []
    assert made.waiting(CallKind.SUBMIT)


def test_without_any_worker_a_job_waits_and_the_next_host_that_qualifies_computes_it(ledger: Ledger) -> None:
    made = farm(ledger, 5)
    made.farm.on_workers(made.now, present=False)
    (fetch,) = made.waiting(CallKind.FETCH)
    made.answer(fetch, HEAVY)
    assert made.turn().dispatches == []
    made.now += 40.0
    assert losses(made) == []
    serve(made, 5)
    made.farm.on_workers(made.now, present=True)
    assert len(made.turn().dispatches) == 1


def test_a_job_that_a_slow_host_holds_goes_to_another_though_others_wait_in_its_queue(ledger: Ledger) -> None:
    made = farm(ledger, 5, 1, refuse=False)
    fetched(made)
    published(made)
    made.now += 31.0
    (careful,) = made.turn().dispatches
    assert careful.only_if_idle, "for all we know its message waits in the queue"
    word = replace(PUBLISHED, attempt=careful.message.attempt, miner_id=careful.message.miner_id)
    made.farm.on_published(word, made.now)
    made.farm.workers.router.ended("model_training", made.now + 3.0)
    made.now += 31.0
    (hedged,) = made.turn().dispatches
    assert not hedged.only_if_idle, "a later one was computed, so its message was taken"


PUBLISHED = Published(job_id="j1", miner_id="", attempt=1, published=True, waits=True)
