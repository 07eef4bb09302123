"""What a run says of the money at its end: a figure was answered or is not stated, and says which scope it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.farms import asked, earned, farm, farm_settings, figures, simulator
from tests.support.processes import Started, nothing_left, run_fleet, stop

#: both calls that state a miner's total
SILENT = {"faults": ["unavailable,roads=contributor|register"]}
SCOPES = {"run", "ledger", "since_base"}
EX_PROTOCOL = 76
#: the books of a run of which nothing is known
BOOKS = {
    "compared": False,
    "stated": 0,
    "not_stated": 0,
    "no_session": 0,
    "answered_at": None,
    "before_base_nnet": 0,
    "base_at": None,
}


@contextmanager
def silenced(folder: Path, dialect: str, *options: str) -> Iterator[tuple[Started, str]]:
    """A farm that has ended by a signal, on a server that states no total any more; and the server's URL."""
    with (
        simulator(folder / "simulator", "--dialect", dialect) as (_, url),
        farm(folder / "farm", "--server", url, "--miners", "2", *options) as process,
    ):
        process.says("[REWARD]", times=4)
        asked(url, "/simulator/faults", SILENT)
        assert stop(process) == EX_PROTOCOL, process.words()
        nothing_left(process)
        yield process, url


@pytest.mark.parametrize("dialect", ["a", "b"])
def test_a_total_that_was_not_answered_at_the_end_is_not_stated_and_the_exit_code_says_so(
    dialect: str, tmp_path: Path
) -> None:
    with silenced(tmp_path, dialect, "--json") as (process, url):
        summary = figures(process)
        booked = sum(earned(tmp_path / "farm", url).values())
        assert booked > 0
        assert summary["rewards"]["ledger_nnet"] == booked
        assert summary["rewards"]["server_nnet"] is summary["rewards"]["difference_nnet"] is None
        for row in summary["rewards"]["per_miner"].values():
            assert row["server_nnet"] is row["difference_nnet"] is None
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["answered_at"]), "when it registered"
        assert summary["books"] == BOOKS | {"not_stated": 2, "answered_at": last_answer(summary)}
        said = process.err
        assert len(re.findall(r"^\S+ +\S+ +not stated +not stated *$", said, re.MULTILINE)) == 3
        assert "books NOT compared: the server stated no closing total for 2 miners\n  the last answer was at" in said
        assert_reconcile_says_the_same(tmp_path / "farm", url)


def last_answer(summary: dict[str, Any]) -> str:
    return max(str(row["answered_at"]) for row in summary["rewards"]["per_miner"].values())


def assert_reconcile_says_the_same(folder: Path, url: str) -> None:
    settings = farm_settings(folder, {"FLEET_SERVER": url})
    rows = json.loads(run_fleet("reconcile", "--json", folder=folder, settings=settings).stdout)["miners"]
    for row in rows:
        assert row["server_nnet"] is row["booked_then_nnet"] is None
        assert row["verifiable"] is False
        assert row["answered_at"] < row["asked_at"]
    said = run_fleet("reconcile", folder=folder, settings=settings).stdout
    # columns in which nothing is stated are left out
    assert said.count("not stated") == len(rows)
    assert len(re.findall(r", last answered \d\d:\d\d:\d\d  ", said)) == len(rows)


def test_a_total_that_was_answered_has_the_time_of_its_answer(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        with farm(tmp_path / "farm", "--server", url, "--miners", "2", "--for", "3s") as process:
            assert process.wait() == 0, process.words()
        assert re.search(
            r"^books compared: the server stated every total, the last at 20\S+Z$",
            process.out,
            re.MULTILINE,
        )
        assert "booked since base" in process.out


def test_where_nothing_was_mined_no_books_are_said_to_be_compared(tmp_path: Path) -> None:
    with simulator(tmp_path / "gone") as (_, url):
        pass
    with farm(tmp_path / "farm", "--server", url, "--miners", "1", "--json") as process:
        process.says("[WARN]")
        assert stop(process) != EX_PROTOCOL, process.words()
        assert figures(process)["books"] == BOOKS | {"compared": True, "no_session": 1}
        assert "nothing to compare, since they had no session: 1 of 1 miners" in process.err
        assert "books" not in process.err


@contextmanager
def forgotten(folder: Path) -> Iterator[tuple[Started, str]]:
    """The second run of a farm, in whose midst the server forgets everything."""
    options = ("--miners", "2", "--json", "--exact")
    with simulator(folder / "simulator") as (_, url):
        with farm(folder / "farm", "--server", url, *options, "--for", "2s") as first:
            assert first.wait() == 0, first.words()
        with farm(folder / "farm", "--server", url, *options) as process:
            process.says("[REWARD]", times=4)
            asked(url, "/simulator/forget", {})
            before = process.err.count("[REWARD]")
            process.says("registered", times=4)
            process.says("[REWARD]", times=before + 4)
            assert stop(process) == 0, process.words()
            nothing_left(process)
            yield process, url


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Started, str]]:
    folder = tmp_path_factory.mktemp("forgotten")
    with forgotten(folder) as (process, url):
        yield folder / "farm", process, url


def test_run_ledger_and_since_base_are_three_figures_each_with_jobs_and_money(
    second: tuple[Path, Started, str],
) -> None:
    folder, process, url = second
    summary = figures(process)
    scopes = summary["scopes"]
    assert scopes.keys() == SCOPES
    assert scopes["ledger"]["booked_nnet"] == sum(earned(folder, url).values())
    assert scopes["ledger"]["booked_nnet"] > scopes["run"]["booked_nnet"] > scopes["since_base"]["booked_nnet"] > 0
    assert (
        scopes["ledger"]["jobs"]["accepted"] > scopes["run"]["jobs"]["accepted"] > scopes["since_base"]["jobs"]["paid"]
    )
    assert scopes["ledger"]["since"] < scopes["run"]["since"] <= scopes["since_base"]["since"]
    assert summary["jobs"] == scopes["run"]["jobs"]
    assert summary["rewards"]["scope"] == "since_base"
    assert summary["rewards"]["ledger_nnet"] == summary["rewards"]["server_nnet"] == scopes["since_base"]["booked_nnet"]
    before = scopes["ledger"]["booked_nnet"] - scopes["since_base"]["booked_nnet"]
    assert summary["books"]["before_base_nnet"] == before > 0
    words = "NNET booked before the base are not compared\n  the server's totals restarted, last at"
    line = re.search(rf"^(\S+) {words} 20\S+Z$", process.err, re.MULTILINE)
    assert line is not None, process.err
    assert Decimal(line[1]) == before
    assert "[WARN]   the server forgot what it paid this miner" in process.err


def test_the_running_output_and_the_closing_table_name_their_scopes(second: tuple[Path, Started, str]) -> None:
    _, process, _ = second
    scopes, said = figures(process)["scopes"], process.err
    rewards = re.findall(r"^\S+Z \[REWARD\].* farm (\S+) \(ledger\)", said, re.MULTILINE)
    assert len(rewards) == said.count("[REWARD]")
    assert Decimal(rewards[-1]) == round(Decimal(scopes["ledger"]["booked_nnet"]), 4)
    for words, scope in (("this run", "run"), ("all runs at this server", "ledger")):
        figure = scopes[scope]
        line = (
            rf"^{words}: {figure['booked_nnet']} NNET booked since \S+\n  jobs: {figure['jobs']['assigned']} assigned "
        )
        assert re.search(line, said, re.MULTILINE), said


def test_the_reports_name_the_scopes_of_their_sums(second: tuple[Path, Started, str]) -> None:
    folder, process, url = second
    expected = {name: one["booked_nnet"] for name, one in figures(process)["scopes"].items()}
    settings = farm_settings(folder, {"FLEET_SERVER": url})
    for command in ("rewards", "reconcile"):
        summary = json.loads(run_fleet(command, "--json", folder=folder, settings=settings).stdout, parse_float=Decimal)
        assert {name: one["booked_nnet"] for name, one in summary["scopes"].items()} == expected
        said = run_fleet(command, folder=folder, settings=settings).stdout
        for words in ("the whole ledger: ", "the last run: ", "since each miner's base: "):
            assert words in said
    lost = run_fleet("rewards", "--losses", "--json", folder=folder, settings=settings)
    assert json.loads(lost.stdout)["scope"] == "ledger"
    lost = run_fleet("rewards", "--losses", folder=folder, settings=settings)
    assert re.search(r"^the whole ledger: \d+ jobs, \S+ NNET not earned$", lost.stdout, re.MULTILINE)
