"""A worker with a key takes the jobs that its farm signed, whatever else is in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.broker.signing_coordinator import coordinator
from tasks.errors import SignatureError
from tasks.messages import BUNDLE_TASK, MOST_IN_BUNDLE
from tasks.signing import bundle_id
from tasks.worker.signatures import Signatures
from tests.support.signed import KEYS, key_of, signed_job

_NAME = "neonet.fraud_detection"
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(autouse=True, scope="module")
def signing_coordinator() -> Iterator[None]:
    """The coordinator states that it signs."""
    coordinator.signs = coordinator.binds = True
    yield
    coordinator.signs = coordinator.binds = False


@pytest.fixture
def garage() -> Signatures:
    made = Signatures()
    made.key = key_of("garage")
    return made


def test_a_signed_job_is_taken(garage: Signatures) -> None:
    garage.check(_NAME, "job-1", signed_job())
    garage.check(_NAME, "job-1~2", signed_job(attempt=2))
    bundle = [signed_job(f"job-{number}") for number in range(5)]
    garage.check(BUNDLE_TASK, bundled(bundle), bundle)


def bundled(jobs: list[dict[str, Any]]) -> str:
    """The id that the farm gives the message with these jobs."""
    return bundle_id(KEYS.job, [job["mac"] for job in jobs])


def test_signed_jobs_that_somebody_else_put_together_are_dropped(
    garage: Signatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [signed_job(f"job-{number}") for number in range(3)]
    for task, held in (
        ("3f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e", jobs),
        (bundled(jobs), jobs[:2]),
        (bundled(jobs), [*jobs, signed_job("job-4")]),
        (bundled(jobs), jobs[::-1]),
        (bundled(jobs), []),
        (bundle_id(b"x" * 32, [job["mac"] for job in jobs]), jobs),
    ):
        with pytest.raises(SignatureError, match="the farm did not put"):
            garage.check(BUNDLE_TASK, task, held)
    # that of an earlier release gives its bundles random ids
    monkeypatch.setattr(coordinator, "binds", False)
    garage.check(BUNDLE_TASK, "any", jobs)


def test_a_worker_without_a_key_takes_every_job() -> None:
    Signatures().check(_NAME, "job-1", {"job_id": "job-1"})


def test_jobs_without_a_signature_are_taken_until_the_coordinator_states_that_it_signs(
    garage: Signatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = signed_job()
    del job["mac"]
    monkeypatch.setattr(coordinator, "signs", False)
    garage.check(_NAME, "job-1", job)
    with pytest.raises(SignatureError, match="wrong signature"):
        garage.check(_NAME, "job-1", job | {"mac": "00"})
    monkeypatch.setattr(coordinator, "signs", True)
    with pytest.raises(SignatureError, match="the job 'job-1' has no signature"):
        garage.check(_NAME, "job-1", job)


@pytest.mark.parametrize(
    ("name", "task", "argument"),
    [
        (_NAME, "job-2", signed_job()),
        (_NAME, "job-1~2", signed_job()),
        (_NAME, "job-1", [signed_job()]),
        (_NAME, "job-1", signed_job() | {"data": "{}"}),
        (BUNDLE_TASK, "any", signed_job()),
        (BUNDLE_TASK, "any", [signed_job(), signed_job("job-2") | {"attempt": 9}]),
        (BUNDLE_TASK, "any", [signed_job()] * (MOST_IN_BUNDLE + 1)),
        (BUNDLE_TASK, "any", [signed_job("job-2"), signed_job(), signed_job()]),
        (BUNDLE_TASK, "any", [None]),
    ],
)
def test_a_job_that_was_changed_or_sent_as_another_one_is_dropped(
    garage: Signatures, name: str, task: str, argument: Any
) -> None:
    with pytest.raises(SignatureError):
        garage.check(name, task, argument)


@given(argument=_JSON, name=st.sampled_from((_NAME, BUNDLE_TASK)))
def test_whatever_a_message_holds_it_is_dropped_and_raises_nothing_else(argument: Any, name: str) -> None:
    made = Signatures()
    made.key = key_of("garage")
    with pytest.raises(SignatureError):
        made.check(name, "job-1", argument)


@given(changes=st.dictionaries(st.sampled_from([*signed_job(), "more"]), _JSON, min_size=1))
def test_no_change_of_a_signed_job_goes_unnoticed(changes: dict[str, Any]) -> None:
    made, job = Signatures(), signed_job()
    made.key = key_of("garage")
    signed = {name: value for name, value in job.items() if name != "seal"}
    changed = job | changes
    if all(changed.get(name) == value and type(changed.get(name)) is type(value) for name, value in signed.items()):
        made.check(_NAME, "job-1", changed)
    else:
        with pytest.raises(SignatureError):
            made.check(_NAME, "job-1", changed)


def test_a_result_is_signed_whatever_its_job_was(garage: Signatures) -> None:
    fields = {"task": "job-1", "state": "SUCCESS", "worker": "worker@garage", "body": "{}"}
    jobs: tuple[Any, ...] = (signed_job(), {}, None, [], {"mac": 5, "seal": None})
    for job in jobs:
        signed = garage.signed(fields, job)
        assert signed["host"] == "garage"
        assert len(signed["sig"]) == 32
    assert Signatures().signed(fields, signed_job()) == fields


def test_a_worker_is_also_known_by_the_host_whose_key_signs_its_results(garage: Signatures) -> None:
    assert garage.names("worker@pod-7") == ("worker@pod-7", "worker@garage")
    assert Signatures().names("worker@pod-7") == ("worker@pod-7",)
