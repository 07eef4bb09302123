"""Making and revoking a token stands in the farm's log, or a line says why it does not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fleet.cli import fleet
from fleet.ledger.storage.engine import open_engine

pytestmark = pytest.mark.usefixtures("empty_folder")


def run(*words: str) -> Result:
    result = CliRunner().invoke(fleet, words)
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
    return result


def entries() -> list[tuple[str, ...]]:
    rows = json.loads(run("log", "--json").stdout)["entries"]
    return [(row["change"], row["kind"], row["name"], row["who"], row["reason"]) for row in rows]


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The ledger of a farm that has run, at a real server."""
    monkeypatch.setenv("FLEET_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FLEET_SERVER", "https://neonet.example.com")
    file = tmp_path / "state" / "ledger.sqlite"
    open_engine(f"sqlite:///{file}").dispose()
    return file


@pytest.mark.usefixtures("ledger")
def test_who_made_and_who_revoked_a_token_and_why_is_logged() -> None:
    made = run("token", "create", "phone", "--scope", "control", "--by", "alex", "--reason", "my phone").stdout.strip()
    run("token", "create", "board", "--by", "alex")
    assert run("token", "create", "board", "--by", "alex").exit_code == 65
    run("token", "revoke", "phone", "--by", "sam", "--reason", "it was lost")
    assert entries() == [
        ("create", "token", "phone", "alex", "scope control: my phone"),
        ("create", "token", "board", "alex", "scope read"),
        ("revoke", "token", "phone", "sam", "it was lost"),
    ]
    shown = run("log").stdout
    assert "token phone" in shown
    assert "revoked" in shown
    assert made not in shown


def test_before_the_farm_s_first_start_a_token_is_made_and_revoked_and_a_line_says_that_no_log_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLEET_STATE_DIR", "state")
    for words in (("create", "phone"), ("revoke", "phone")):
        result = run("token", *words)
        assert result.exit_code == 0
        assert "not in the farm's log: there is no ledger at" in result.stderr


def test_a_token_is_revoked_although_the_log_can_not_be_written(ledger: Path) -> None:
    run("token", "create", "phone")
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("DROP TABLE control_log")
    result = run("token", "revoke", "phone")
    assert (result.exit_code, "revoked phone" in result.stdout) == (0, True)
    assert "not in the farm's log" in result.stderr


@pytest.mark.parametrize("words", [("--reason", "a\nb"), ("--by", "x" * 61)])
def test_words_that_no_screen_could_show_are_refused_before_anything_is_made(words: tuple[str, ...]) -> None:
    assert run("token", "create", "phone", *words).exit_code == 65
    assert "there are no tokens" in run("token", "list").stdout
