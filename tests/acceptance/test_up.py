"""`fleet up` as a user starts it, on a simulator that keeps a book of its own: one run, and all that it says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fleet.simulator.dialects import DIALECTS
from fleet.simulator.jobs import JOB_TYPE_NAMES
from tests.support.farms import asked, book, earned, farm, figures, simulator, state
from tests.support.processes import nothing_left

RUN_S = "6"
COUNTS = {"assigned", "accepted", "already_completed", "rejected", "expired", "quarantined", "open"}
REWARDS = {"ledger_nnet", "jobs_nnet", "heartbeats_nnet", "server_nnet", "difference_nnet", "per_miner"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One finished run, and what the other side says of it."""

    dialect: str
    figures: dict[str, Any]
    stdout: str
    stderr: str
    book: dict[str, Decimal]
    earned: dict[str, Decimal]
    counters: dict[str, Any]
    sessions: list[dict[str, Any]]
    folder: Path


@pytest.fixture(scope="module", params=sorted(DIALECTS))
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three miners for some seconds on one dialect; every job type of any release is handed out first."""
    dialect: str = request.param
    folder = tmp_path_factory.mktemp(f"dialect-{dialect}")
    order = ",".join(JOB_TYPE_NAMES)
    with simulator(folder / "simulator", "--dialect", dialect, "--job-order", order) as (_, url):
        options = ("--server", url, "--miners", "3", "--for", f"{RUN_S}s", "--json")
        with farm(folder / "farm", *options) as process:
            assert process.wait() == 0, process.words()
            nothing_left(process)
            return Run(
                dialect=dialect,
                figures=figures(process),
                stdout=process.out,
                stderr=process.err,
                book=book(url),
                earned=earned(folder / "farm", url),
                counters=asked(url, "/simulator/requests"),
                sessions=asked(url, "/simulator/sessions")["sessions"],
                folder=folder / "farm",
            )


def test_the_only_line_of_stdout_is_one_json_object_with_every_figure(run: Run) -> None:
    assert len(run.stdout.splitlines()) == 1
    assert run.figures.keys() >= {"miners", "jobs", "rewards", "latency_ms", "requests", "duration_s"}
    assert run.figures["jobs"].keys() >= COUNTS
    assert run.figures["rewards"].keys() >= REWARDS
    assert run.figures["latency_ms"].keys() >= {"overhead_p50", "overhead_p99"}
    assert run.figures["requests"].keys() >= {"total", "refused_429"}
    assert run.figures["miners"] == 3
    assert float(run.figures["duration_s"]) > float(RUN_S) / 2
    assert 0 <= run.figures["latency_ms"]["overhead_p50"] <= run.figures["latency_ms"]["overhead_p99"]


def test_every_assigned_job_is_accounted_for_and_none_is_left_or_refused(run: Run) -> None:
    jobs = run.figures["jobs"]
    assert jobs["assigned"] == sum(jobs[name] for name in COUNTS - {"assigned"})
    assert jobs["accepted"] + jobs["already_completed"] == jobs["assigned"] >= 12
    assert jobs["open"] == jobs["rejected"] == jobs["expired"] == jobs["quarantined"] == 0


def test_every_job_type_is_computed(run: Run) -> None:
    assert set(run.figures["job_types"]) == set(JOB_TYPE_NAMES)


def test_the_ledger_equals_the_servers_own_book_to_the_last_digit(run: Run) -> None:
    assert run.earned == run.book
    assert sum(run.book.values()) > 0


def test_the_figures_differ_from_the_server_by_nothing_where_it_states_totals(run: Run) -> None:
    rewards = run.figures["rewards"]
    assert Decimal(rewards["ledger_nnet"]) == sum(run.book.values())
    if rewards["server_nnet"] is not None:
        assert rewards["difference_nnet"] == 0
    else:
        assert rewards["difference_nnet"] is None
    assert set(rewards["per_miner"]) == {"miner-01", "miner-02", "miner-03"}
    assert len(run.book) == 3


def test_every_session_is_stopped_at_the_end(run: Run) -> None:
    assert len(run.sessions) == 3
    assert {session["status"] for session in run.sessions} == {"stopped"}
    assert run.counters["sessions_open"] == 0


def test_the_requests_that_the_figures_state_are_those_that_the_server_counted(run: Run) -> None:
    assert run.figures["requests"]["refused_429"] == 0
    assert run.figures["requests"]["total"] == run.counters["requests_total"]


def test_the_running_output_says_what_a_miner_wants_to_see(run: Run) -> None:
    for shown in ("NeoNet fleet", "Server:", "[GAS]", "NEO transfer", "[NET]", "registered", "[STOP]"):
        assert shown in run.stderr
    assert re.search(r"\[JOB\] +\S+-0\d +\w+ +[0-9a-f-]{8} +worker@\S+ +\d+\.\d ms", run.stderr)
    assert re.search(r"\[REWARD\] \S+-0\d +\+\d+\.\d+ NNET +miner \d+\.\d+ +farm \d+\.\d+ \(ledger\)", run.stderr)
    assert "\x1b[" not in run.stderr


def test_real_and_simulated_rewards_lie_in_ledgers_of_their_own(run: Run) -> None:
    assert (state(run.folder) / "ledger.sqlite").exists()
    assert not (state(run.folder) / "simulator" / "ledger.sqlite").exists()
