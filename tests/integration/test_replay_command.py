"""`fleet replay` computes jobs of the ledger again, in a process of its own, and says whether they agree.

One file: each test writes the ledger that it replays by the same few functions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fleet.cli import fleet
from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Loss
from fleet.domain.effects import Booked, JobMoved, JobOpened, Write
from fleet.domain.jobs import Entry, Job, JobOrigin, JobState
from fleet.domain.proof import Proof
from fleet.domain.submitted_work import SubmittedWork
from fleet.ledger.kept_work import MEGABYTE, Keeping
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tasks.compact_json import compact_sorted
from tasks.compute.catalog import KERNEL_VERSION, compute
from tasks.compute.inventory import inventory

RIGHT = "3f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e"
ROUNDED = "4f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e"
WRONG = "5f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e"
LOST = "6f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e"
OPEN = "7f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e"
OLD = "8f0e6c1a-7c1e-4b8f-9a55-0c9a4f2f6d1e"
MINER = "neo15f0c3b9a7e2d4816a0b1c2d3e4f5061728394a5b"
ELSEWHERE = ("x86_64", "1.0", "another BLAS", "another code", KERNEL_VERSION)


def work(job_id: str, data: dict[str, Any] | None = None, seed: str = "") -> SubmittedWork:
    """What a right worker of this host submits for a job."""
    given = {"layer_dims": [8, 4]} if data is None else data
    result = compute("gradient_compute", given, job_id=seed or job_id)
    return SubmittedWork(
        job_id=job_id,
        job_type="gradient_compute",
        data_json=compact_sorted(given),
        result_json=compact_sorted({**result, "compute_time_ms": 1.25}),
        kernel_version=KERNEL_VERSION,
        kind=inventory().kind,
    )


def opened(job_id: str, data: dict[str, Any] | None = None) -> JobOpened:
    job = Job(
        job_id=job_id,
        job_type="gradient_compute",
        data=data or {},
        reward=Decimal(1),
        origin=JobOrigin.FETCHED,
        timeout_s=60.0,
    )
    return JobOpened(job=job, miner_id=MINER, session_id="s1", state=JobState.ASSIGNED, attempt=1)


def ended(job_id: str, submitted: SubmittedWork | None, loss: Loss | None = None) -> list[Write]:
    state = JobState.ACCEPTED if loss is None else JobState.REJECTED
    moved = JobMoved(
        job_id=job_id,
        state=state,
        attempt=1,
        strikes=0,
        sends=1,
        mended=False,
        worker="worker@shed",
        loss=loss,
        cause=loss and loss.value,
        submitted=submitted,
    )
    return [opened(job_id), moved]


def payment(one: SubmittedWork) -> Booked:
    entry = Entry(
        miner_id=MINER,
        kind=EntryKind.JOB,
        amount=Decimal(1),
        confirmed=True,
        session_id="s1",
        job_id=one.job_id,
        job_type=one.job_type,
        proof=Proof(worker="worker@shed", input_digest=one.input_digest, result_digest=one.result_digest),
    )
    return Booked(entry=entry)


@dataclass
class Books:
    folder: Path

    def write(self, *commits: list[Write], megabytes: int = 1, server: str = "") -> None:
        keeping = Keeping(most_bytes=megabytes * MEGABYTE, server=server)
        with Ledger(open_engine(f"sqlite:///{self.folder / 'ledger.sqlite'}"), "simulator", keeping=keeping) as ledger:
            ledger.name_miners({MINER: "garage-1"})
            for commit in commits:
                ledger.commit(commit)


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path))
    return Books(tmp_path)


def replayed(*arguments: str) -> Result:
    return CliRunner().invoke(fleet, ["replay", *arguments])


def stated(*arguments: str) -> tuple[dict[str, Any], int]:
    done = replayed(*arguments, "--json")
    return json.loads(done.stdout), done.exit_code


def test_a_job_of_this_kind_of_host_is_the_same_in_every_bit(books: Books) -> None:
    one = work(RIGHT)
    books.write([*ended(RIGHT, one), payment(one)])
    done = replayed(RIGHT[:8])
    assert done.exit_code == 0, done.output
    assert "the same in every bit (hosts of one kind)" in done.stdout
    assert "data and result: proven by the ledger's chain" in done.stdout
    assert "computed by worker@shed" in done.stdout
    found, code = stated(f"{RIGHT}~2")
    assert (code, found["jobs"], found["same"]) == (0, 1, 1)
    assert (found["replays"][0]["proven"], found["replays"][0]["same_kind"]) == (True, True)


def test_a_job_of_another_kind_of_host_is_compared_within_the_tolerance(books: Books) -> None:
    right = work(ROUNDED)
    loss = right.result["loss"] * (1 + 1e-6)
    rounded = replace(
        right, kind=ELSEWHERE, result_json=compact_sorted({**right.result, "gradient_hash": "0" * 64, "loss": loss})
    )
    books.write(ended(ROUNDED, rounded))
    done = replayed(ROUNDED)
    assert done.exit_code == 0, done.output
    assert "the same within the tolerance for unlike kinds of hosts (hosts of unlike or unknown kinds)" in done.stdout
    found, code = stated(ROUNDED)
    assert (code, found["within_tolerance"], found["replays"][0]["proven"]) == (0, 1, None)


@pytest.mark.parametrize("kind", [inventory().kind, ELSEWHERE])
def test_a_wrong_result_is_told_with_its_fields(books: Books, kind: tuple[str, ...]) -> None:
    right = work(WRONG)
    wrong = replace(right, kind=kind, result_json=compact_sorted({**right.result, "loss": right.result["loss"] * 1.5}))
    books.write(ended(WRONG, wrong), ended(RIGHT, work(RIGHT)))
    done = replayed(WRONG)
    assert (done.exit_code, "DIFFERS" in done.stdout) == (65, True)
    found, code = stated("--last", "9")
    assert (code, found["same"], found["differs"]) == (65, 1, 1)
    (of_wrong,) = [one for one in found["replays"] if one["job_id"] == WRONG]
    assert [field["name"] for field in of_wrong["fields"] if field["agreement"] == "differs"] == ["loss"]
    listed = replayed("--sample", "9")
    assert listed.exit_code == 65
    assert f"{WRONG}  gradient_compute  worker@shed  differs: loss" in listed.stdout


def test_what_was_altered_in_the_ledger_is_told(books: Books) -> None:
    other = {"layer_dims": [16, 4]}
    books.write([*ended(RIGHT, work(RIGHT, other)), payment(work(RIGHT))])
    done = replayed(RIGHT)
    assert done.exit_code == 65
    assert "the ledger's chain has other digests: what is kept was altered" in done.stdout


def test_the_numbers_are_drawn_by_the_id_that_workers_saw(books: Books) -> None:
    books.write(ended(RIGHT, work(RIGHT, seed=f"main:{RIGHT}")), server="main")
    assert stated(RIGHT)[0]["same"] == 1


def test_the_data_are_those_that_workers_saw(books: Books) -> None:
    books.write(ended(RIGHT, replace(work(RIGHT), data_json=compact_sorted({"layer_dims": [8, 4], "for": MINER}))))
    done = replayed(RIGHT, "--json")
    assert (done.exit_code, MINER in done.output) == (0, False)


def test_a_job_whose_workers_saw_a_random_id_can_not_be_compared(books: Books) -> None:
    hidden = f"job-of-{MINER}"
    books.write(ended(hidden, work(hidden)))
    done = replayed("--last", "1")
    assert (done.exit_code, MINER in done.output) == (66, False)
    assert "workers saw a random one" in done.stdout


def test_a_job_that_has_nothing_to_compare_says_why(books: Books) -> None:
    books.write([*ended(LOST, None, Loss.PAYLOAD), opened(OPEN)], ended(RIGHT, work(RIGHT)))
    for job_id, words in (
        (LOST, f"no result was submitted for job {LOST}, which is rejected: payload refused"),
        (OPEN, f"job {OPEN} is still assigned"),
        ("b", "the ledger has no job 'b'"),
    ):
        done = replayed(job_id)
        assert (done.exit_code, words in done.stderr) == (66, True), done.output


def test_a_job_that_is_no_longer_kept_names_the_setting(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.write(ended(OLD, work(OLD)), megabytes=0)
    for arguments in ((OLD,), ("--last", "5"), ("--sample", "5")):
        done = replayed(*arguments)
        assert (done.exit_code, "audit.keep_mb raises that" in done.stderr) == (66, True), done.output
    monkeypatch.setenv("FLEET_AUDIT__KEEP_MB", "0")
    assert "audit.keep_mb is 0" in replayed(OLD).stderr


def test_a_kernel_that_refuses_the_data_today_differs(books: Books) -> None:
    books.write(ended(RIGHT, replace(work(RIGHT), data_json='{"layer_dims":[-1]}')))
    done = replayed(RIGHT)
    assert done.exit_code == 65
    assert "this host does not compute it: PayloadError" in done.stdout


@pytest.mark.parametrize("arguments", [(), (RIGHT, "--last", "1"), ("--last", "1", "--sample", "1"), ("--last", "0")])
def test_a_call_names_one_job_or_a_number_of_jobs(books: Books, arguments: tuple[str, ...]) -> None:
    books.write(ended(RIGHT, work(RIGHT)))
    assert replayed(*arguments).exit_code == 2
