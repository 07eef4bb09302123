"""The signatures of jobs and results: every field counts, and no two messages share one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SignatureError
from tasks.messages import JobMessage, Outcome, parse_stream_fields
from tasks.signing import MAC_FIELD, SIGNED_FIELDS, WorkerKey, equal, job_mac, job_seal, result_signature
from tests.support.signed import KEYS, key_of, result, signed_job

_KEY = b"k" * 32
_FIELDS = ("v", "job_id", "attempt", "miner_id", "job_type", "data")


def test_a_workers_key_survives_its_one_line() -> None:
    key = key_of("garage")
    assert WorkerKey.decode(f" {key.encode()}\n") == key
    assert "ggg" not in repr(key)


@pytest.mark.parametrize("cut", [1, 20, 50, -3])
def test_a_cut_key_is_none_and_is_not_repeated(cut: int) -> None:
    line = key_of("garage").encode()
    broken = line[:-cut] if cut > 0 else line + "AAA"
    with pytest.raises(ValueError, match="copy the whole line") as caught:
        WorkerKey.decode(broken)
    assert broken[20:] not in str(caught.value)


@pytest.mark.parametrize("host", ["", "Garage", "gar.age", "a" * 41, "../x"])
def test_a_key_of_a_host_with_no_name_is_none(host: str) -> None:
    with pytest.raises(ValueError, match="not a worker's key"):
        WorkerKey(host=host, job=_KEY, result=_KEY)


@pytest.mark.parametrize("name", _FIELDS)
def test_every_field_of_a_job_is_signed(name: str) -> None:
    job = signed_job()
    changed = job | {name: job[name] + 1 if isinstance(job[name], int) else f"{job[name]}x"}
    assert job_mac(KEYS.job, job) == job[MAC_FIELD]
    assert job_mac(KEYS.job, changed) != job[MAC_FIELD]


@pytest.mark.parametrize(("one", "other"), [("job_id", "miner_id"), ("miner_id", "job_type"), ("job_type", "data")])
def test_a_letter_moved_from_one_field_to_the_next_changes_the_signature(one: str, other: str) -> None:
    job = signed_job()
    moved = job | {one: job[one][:-1], other: job[one][-1] + job[other]}
    assert job_mac(KEYS.job, moved) != job[MAC_FIELD]


@pytest.mark.parametrize("value", [None, 1.0, True, [], {}, b"x"])
@pytest.mark.parametrize("name", _FIELDS)
def test_a_field_of_another_type_has_no_signature(name: str, value: Any) -> None:
    with pytest.raises(SignatureError, match="of a job message are"):
        job_mac(_KEY, signed_job() | {name: value})


def test_a_lone_surrogate_in_a_field_is_signed_like_any_other_character() -> None:
    assert job_mac(_KEY, signed_job(data="\ud800")) != job_mac(_KEY, signed_job(data="\ud801"))


def test_another_key_gives_another_signature() -> None:
    job = signed_job()
    assert job_mac(_KEY, job) != job[MAC_FIELD]
    assert job_seal(_KEY, b"job-1", job[MAC_FIELD].encode()) != job["seal"]


def test_a_seal_is_for_one_task() -> None:
    assert job_seal(_KEY, b"job-1", b"ab") != job_seal(_KEY, b"job-1~2", b"ab")
    assert job_seal(_KEY, b"job-1", b"ab") != job_seal(_KEY, b"job-1", b"ac")


@given(
    values=st.lists(st.binary(max_size=8), min_size=len(SIGNED_FIELDS), max_size=len(SIGNED_FIELDS)),
    others=st.lists(st.binary(max_size=8), min_size=len(SIGNED_FIELDS), max_size=len(SIGNED_FIELDS)),
)
def test_two_results_share_a_signature_only_if_they_are_equal(values: list[bytes], others: list[bytes]) -> None:
    assert (result_signature(_KEY, values) == result_signature(_KEY, others)) == (values == others)


@pytest.mark.parametrize("found", [None, 5, "", "ab ", "äb", b"ac"])
def test_only_the_same_text_is_equal(found: object) -> None:
    assert not equal(found, "ab")
    assert equal("ab", "ab")
    assert equal(b"ab", "ab")


def test_what_does_not_know_signatures_reads_signed_jobs_and_results_as_before() -> None:
    job = signed_job(attempt=2)
    assert JobMessage.decode(job).task_id == "job-1~2"
    found = parse_stream_fields(result("garage", job))
    assert (found.job_id, found.attempt, found.outcome) == ("job-1", 2, Outcome.COMPUTED)
