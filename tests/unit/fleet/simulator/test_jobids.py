"""The ids of jobs: each leads back to its number, and to nothing in another simulator."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet.simulator.jobids import JobIds


@given(number=st.integers(0, 2**48 - 1), seed=st.integers())
def test_a_job_id_is_a_uuid_that_leads_back_to_its_number(number: int, seed: int) -> None:
    ids = JobIds(seed)
    job_id = ids.issue(number)
    assert ids.number(job_id) == number
    assert (len(job_id), job_id[14], job_id[19] in "89ab") == (36, "4", True)


@given(text=st.text(max_size=40) | st.uuids(version=4).map(str))
def test_an_id_that_was_never_issued_has_no_number(text: str) -> None:
    assert JobIds(1).number(text) is None


def test_ids_of_another_seed_are_unknown() -> None:
    assert JobIds(1).number(JobIds(2).issue(5)) is None
