"""The commands that read the ledger: verify, export, explain, reconcile and losses, as a user calls them.

One file: the commands read the same made-up ledger.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet
from sqlalchemy import func, select

from fleet.cli import fleet
from fleet.domain.causes import Loss
from fleet.domain.effects import JobOpened, SessionOpened, Write
from fleet.domain.jobs import JobState
from fleet.domain.saved_state import AbandonedSession
from fleet.ledger import schema
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.ledger_rows import moved, paid


def run(*arguments: str) -> Result:
    return CliRunner().invoke(fleet, arguments)


def lost(number: int, loss: Loss) -> list[Write]:
    opened = paid(number)[0]
    return [opened, moved(f"job-{number}", JobState.EXPIRED, loss)]


@pytest.fixture
def ledger_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger of five paid and three lost jobs, in the folder that the settings name."""
    path = tmp_path / "simulator" / "ledger.sqlite"
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    times = iter(range(1_800_000_000_000, 1_800_000_100_000, 250))
    with Ledger(open_engine(f"sqlite:///{path}"), "simulator", now_ms=lambda: next(times)) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=None)])
        for number in range(5):
            for write in paid(number, evidence="=HYPERLINK(1)" if number == 1 else ""):
                ledger.commit([write])
        ledger.commit([*lost(5, Loss.DRAINED), *lost(6, Loss.DRAINED), *lost(7, Loss.ANSWER_LOST)])
    return path


def tamper(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.usefixtures("ledger_file")
def test_verify_finds_an_untouched_ledger_right_and_its_head_again() -> None:
    done = run("ledger", "verify", "--json")
    assert done.exit_code == 0, done.output
    stated = json.loads(done.output)
    assert (stated["right"], stated["servers"][0]["entries"]) == (True, 5)
    assert run("ledger", "verify", "--head", stated["servers"][0]["head"]).exit_code == 0
    assert run("ledger", "verify", "--head", "00" * 32).exit_code == 65


@pytest.mark.parametrize(
    ("statement", "entry", "words"),
    [
        ("UPDATE entries SET amount = '9.0' WHERE seq = 3", 3, "changed"),
        ("UPDATE entries SET evidence = 'x' WHERE seq = 1", 1, "changed"),
        ("DELETE FROM entries WHERE seq = 2", 2, "deleted"),
        ("DELETE FROM entries WHERE seq = 5", 5, "missing"),
        ("UPDATE entries SET confirmed = 0 WHERE seq = 4", 4, "changed"),
        (
            "UPDATE entries SET seq = CASE seq WHEN 2 THEN 30 ELSE seq END",
            2,
            "deleted",
        ),
        (
            """INSERT INTO entries
               (miner, server, kind, job_type, session_id, amount, confirmed, evidence, booked_at, seq)
               VALUES (1, 1, 'heartbeat', '', 's1', '5', 1, '', 0, 6)""",
            6,
            "no hash",
        ),
    ],
)
def test_verify_names_the_first_tampered_row(ledger_file: Path, statement: str, entry: int, words: str) -> None:
    tamper(ledger_file, statement)
    done = run("ledger", "verify", "--json")
    assert done.exit_code == 65
    flaw = json.loads(done.output)["servers"][0]["first_wrong_entry"]
    assert flaw["entry"] == entry
    assert words in flaw["problem"]


def test_a_report_reads_one_moment_of_a_ledger_that_is_written_meanwhile(ledger_file: Path) -> None:
    url = f"sqlite:///{ledger_file}"
    entries = select(func.count()).select_from(schema.entries)
    with open_engine(url, read_only=True).connect() as reader, Ledger(open_engine(url), "simulator") as ledger:
        before = reader.execute(entries).scalar()
        ledger.commit(paid(100))
        assert reader.execute(entries).scalar() == before
        reader.rollback()
        assert reader.execute(entries).scalar() == 6


def test_verify_names_a_miner_whose_sums_were_changed(ledger_file: Path) -> None:
    tamper(ledger_file, "UPDATE sums SET amount = '77'")
    done = run("ledger", "verify", "--json")
    assert done.exit_code == 65
    assert json.loads(done.output)["servers"][0]["problems"] == ["rig-a1: the stored sums differ from its entries"]


@pytest.mark.usefixtures("ledger_file")
def test_an_export_has_utc_times_exact_amounts_and_no_formula(tmp_path: Path) -> None:
    done = run("ledger", "export", "--csv", str(tmp_path / "out.csv"))
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [row["amount_nnet"] for row in rows] == ["0.1"] * 5
    assert rows[0]["booked_at"] == "2027-01-15T08:00:01.000Z"
    assert rows[1]["evidence"] == "'=HYPERLINK(1)"
    assert len(rows[0]["sent_sha256"]) == len(rows[0]["hash"]) == 64
    shown = run("ledger", "export", "--json", "-").stdout
    assert [row["entry"] for row in json.loads(shown)] == ["1", "2", "3", "4", "5"]


@pytest.mark.usefixtures("ledger_file")
def test_parquet_holds_what_json_holds(tmp_path: Path) -> None:
    done = run("ledger", "export", "--parquet", str(tmp_path / "out.parquet"))
    assert done.exit_code == 0, done.output
    table = parquet.read_table(tmp_path / "out.parquet")
    assert {str(column.type) for column in table.columns} == {"string"}
    assert table.to_pylist() == json.loads(run("ledger", "export", "--json", "-").stdout)


@pytest.mark.usefixtures("ledger_file")
def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    done = run("ledger", "export", "--parquet", str(tmp_path / "out.parquet"))
    assert done.exit_code == 69
    assert "pip install 'neonet-fleet[parquet]'" in done.output


@pytest.mark.usefixtures("ledger_file")
def test_losses_are_summed_by_cause() -> None:
    stated = json.loads(run("rewards", "--losses", "--json").output, parse_float=Decimal)
    causes = {row["cause"]: (row["jobs"], row["not_earned_nnet"]) for row in stated["by_cause"] if row["jobs"]}
    assert causes == {"drained": (2, Decimal("0.2")), "answer lost": (1, Decimal("0.1"))}
    assert {row["cause"] for row in stated["by_cause"]} == {loss.value for loss in Loss}


@pytest.mark.usefixtures("ledger_file")
def test_a_job_whose_answer_was_lost_is_not_said_to_be_unpaid() -> None:
    said = run("rewards", "--losses").output.splitlines()
    assert said[-2] == "the whole ledger: 2 jobs, 0.2 NNET not earned"
    assert said[-1].startswith("the whole ledger: 1 jobs, 0.1 NNET unknown whether paid")


def test_a_lost_job_that_is_given_again_and_paid_is_no_loss(ledger_file: Path) -> None:
    with Ledger(open_engine(f"sqlite:///{ledger_file}"), "simulator") as ledger:
        opened, *rest = paid(5)
        assert isinstance(opened, JobOpened)
        again = JobOpened(
            job=opened.job, miner_id="rig-a1", session_id="s1", state=JobState.ASSIGNED, attempt=2, reopened=True
        )
        ledger.commit([again, *rest])
        assert ledger.run_and_ledger("none")[0].jobs["expired"] == 2
    stated = json.loads(run("rewards", "--losses", "--json").output)
    assert {row["cause"]: row["jobs"] for row in stated["rows"]} == {"drained": 1, "answer lost": 1}
    steps = json.loads(run("explain", "job", "job-5", "--json").output)[0]["steps"]
    assert [step["state"] for step in steps] == ["assigned", "expired", "assigned", "dispatched", "accepted"]


@pytest.mark.usefixtures("ledger_file")
def test_explain_tells_the_life_of_a_job_with_its_times() -> None:
    (life,) = json.loads(run("explain", "job", "job-0", "--json").output)
    assert [(step["state"], step["after_ms"]) for step in life["steps"]] == [
        ("assigned", 0),
        ("dispatched", 250),
        ("accepted", 250),
    ]
    assert life["entries"][0]["amount_nnet"] == "0.1"
    assert "accepted" in run("explain", "job", "job-0").output
    assert run("explain", "job", "nothing").exit_code == 65


@pytest.mark.usefixtures("ledger_file")
def test_reconcile_says_what_was_never_compared() -> None:
    stated = json.loads(run("reconcile", "--json").output)
    assert (stated["unexplained_nnet"], stated["unverifiable_miners"]) == (0, 1)
    assert stated["miners"][0]["verdict"] == "not compared yet"
    assert run("reconcile").exit_code == 0


def test_a_session_of_a_miner_that_is_not_wanted_any_more_is_a_ghost(ledger_file: Path) -> None:
    with Ledger(open_engine(f"sqlite:///{ledger_file}"), "simulator") as ledger:
        assert ledger.abandoned_sessions({"rig-a1"}) == []
        assert ledger.abandoned_sessions({"rig-b2"}) == [AbandonedSession(miner_id="rig-a1", session_id="s1")]
