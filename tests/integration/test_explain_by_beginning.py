"""`fleet explain job` finds a job by what the screen shows of its id, and lists them where several fit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fleet.cli import fleet
from fleet.domain.effects import JobOpened
from fleet.domain.jobs import Job, JobOrigin, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.job_history import as_uuid
from fleet.ledger.storage.engine import open_engine

FIRST = "3f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e"
SECOND = "3f0e6c1b-7c1e-4b8f-9a55-0c9a4f2f6d1e"
OTHER = "a0000000-0000-4000-8000-000000000000"
WORDS = "Job_7%"


@pytest.fixture(autouse=True)
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger with four jobs, the last of which has an id that is no UUID, and one more of the same beginning."""
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path))
    with Ledger(open_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}"), "neonet-main") as made:
        for job_id in (FIRST, SECOND, OTHER, WORDS, "Job_7 of another kind"):
            job = Job(
                job_id=job_id,
                job_type="inference",
                data={},
                reward=Decimal(1),
                origin=JobOrigin.FETCHED,
                timeout_s=60.0,
            )
            state = JobState.ASSIGNED
            made.commit([JobOpened(job=job, miner_id="rig-a1", session_id="s1", state=state, attempt=1)])


def explained(job_id: str) -> Result:
    return CliRunner().invoke(fleet, ["explain", "job", job_id], standalone_mode=False)


@pytest.mark.parametrize(
    ("said", "job_id"),
    [
        (FIRST, FIRST),
        (FIRST[:8], FIRST),
        (FIRST[:9], FIRST),
        (FIRST[:13], FIRST),
        (f"{FIRST}~2", FIRST),
        (f"{SECOND[:8]}~3", SECOND),
        ("a", OTHER),
        ("a0000000-0000-4", OTHER),
        (WORDS, WORDS),
        ("Job_7%", WORDS),
        ("Job_7 o", "Job_7 of another kind"),
    ],
)
def test_a_beginning_that_only_one_job_has_names_it(said: str, job_id: str) -> None:
    done = explained(said)
    assert done.exception is None, done.exception
    assert f"job id: {job_id}\n" in done.output


@pytest.mark.parametrize("said", ["3f0e6c1", "3", "3f0e"])
def test_jobs_that_a_beginning_fits_are_listed(said: str) -> None:
    words = str(explained(said).exception)
    assert words.startswith(f"2 jobs begin with {said!r}; the newest are:\n")
    for job_id in (FIRST, SECOND):
        assert f"  {job_id}  20" in words
    assert words.count("rig-a1  inference, assigned") == 2


@pytest.mark.parametrize("said", ["3f0e6c1a7c", "3f0e-6c1a", "b", "%", "_", f"{FIRST}0", "Job_7_"])
def test_a_beginning_that_no_job_has_names_none(said: str) -> None:
    assert str(explained(said).exception) == f"the ledger has no job {said!r}"


def test_nothing_is_no_beginning_of_everything() -> None:
    assert "ID is empty" in str(explained(" ").exception)


@pytest.mark.parametrize("length", range(1, 37))
def test_digits_are_spelt_as_a_uuid_spells_them(length: int) -> None:
    beginning = FIRST[:length]
    assert as_uuid(beginning.replace("-", "")).startswith(beginning)
    assert FIRST.startswith(as_uuid(beginning.replace("-", "")))
