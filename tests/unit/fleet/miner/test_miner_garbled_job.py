"""A fetched job that was garbled on the way is asked for once more before it is given up."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.calls import CallKind
from fleet.domain.causes import Loss
from fleet.domain.effects import JobMoved, JobOpened
from fleet.domain.jobs import Job, JobOrigin, JobState
from tests.support.miner_script import Script


def fetched(job_id: str, flaw: str = "") -> Job:
    return Job(
        job_id=job_id,
        job_type="data_hash",
        data={},
        reward=Decimal("0.5"),
        origin=JobOrigin.FETCHED,
        timeout_s=60.0,
        problem=flaw,
        garbled=bool(flaw),
    )


def opened(script: Script) -> list[str]:
    return [effect.job.job_id for effect in script.effects if isinstance(effect, JobOpened)]


def losses(script: Script) -> list[Loss]:
    return [effect.loss for effect in script.effects if isinstance(effect, JobMoved) and effect.loss]


def test_a_job_that_comes_whole_the_second_time_is_computed() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, fetched("t-1", "data holds NaN"))
    assert opened(script) == []
    script.call(CallKind.FETCH, fetched("t-1"))
    assert [order.message.job_id for order in script.dispatches()] == ["t-1"]
    assert losses(script) == []


def test_the_same_flaw_at_the_second_reading_ends_the_job() -> None:
    script = Script().mining()
    for _ in range(2):
        script.call(CallKind.FETCH, fetched("t-1", "data holds NaN"))
    assert opened(script) == ["t-1"]
    assert losses(script) == [Loss.PAYLOAD]
    assert script.begin(CallKind.SUBMIT).result == {"error": "data holds NaN"}
    assert script.last_state("t-1") is JobState.SUBMITTING


def test_another_flaw_at_the_second_reading_is_asked_about_later() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, fetched("t-1", "data holds NaN"))
    script.call(CallKind.FETCH, fetched("t-1", "data holds Infinity"))
    assert opened(script) == []
    assert script.miner.begin(script.now) is None
    script.waited(5.0)
    script.call(CallKind.FETCH, fetched("t-1"))
    assert opened(script) == ["t-1"]
    assert losses(script) == []


def test_a_server_that_gives_another_garbled_job_instead_is_not_asked_again() -> None:
    script = Script().mining()
    script.call(CallKind.FETCH, fetched("t-1", "data holds NaN"))
    script.call(CallKind.FETCH, fetched("t-2", "data holds NaN"))
    assert opened(script) == ["t-2"]


def test_a_job_that_no_kernel_computes_is_refused_at_once() -> None:
    script = Script().mining()
    unknown = Job(
        job_id="t-1",
        job_type="?",
        data={},
        reward=Decimal(1),
        origin=JobOrigin.FETCHED,
        timeout_s=60.0,
        problem="unknown job type",
    )
    script.call(CallKind.FETCH, unknown)
    assert opened(script) == ["t-1"]
