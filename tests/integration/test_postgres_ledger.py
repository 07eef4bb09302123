"""A ledger in PostgreSQL: a farm mines into it, dies, finds it again, waits for its restart, and has it for itself."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fleet.domain.effects import SessionClosed, SessionOpened
from fleet.domain.session_effects import SessionDenied, SessionRequested
from fleet.errors import LedgerBusy
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.verify import verify
from fleet.ledger.storage.connection import LedgerLink
from fleet.ledger.storage.engine import open_engine
from tests.support.farms import asked, book, farm_settings, figures, simulator
from tests.support.lacks import lacks
from tests.support.ledger_rows import paid
from tests.support.link import Link
from tests.support.postgres import Postgres, postgres
from tests.support.processes import FLEET, Started, environ, eventually, run_fleet, started, stop


@pytest.fixture
def database() -> Iterator[Postgres]:
    """An empty database."""
    if importlib.util.find_spec("psycopg") is None:
        lacks("no psycopg: .venv/bin/pip install 'psycopg[binary]'")
    with postgres() as server:
        yield server


def settings(folder: Path, database: Postgres, more: dict[str, str]) -> dict[str, str]:
    return farm_settings(folder, {"FLEET_LEDGER_URL": database.url, "FLEET_MINERS": "2", **more})


def up(folder: Path, url: str, database: Postgres, *options: str) -> tuple[list[str], dict[str, str]]:
    folder.mkdir(parents=True, exist_ok=True)
    return [*FLEET, "up", "--server", url, "--json", *options], environ(folder, settings(folder, database, {}))


def earned(folder: Path, url: str, database: Postgres) -> dict[str, Decimal]:
    known = settings(folder, database, {"FLEET_SERVER": url})
    done = run_fleet("rewards", "--json", "--ids", folder=folder, settings=known)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout, parse_float=Decimal, parse_int=Decimal)["rows"]
    return {row["miner_id"]: row["total_nnet"] for row in rows}


def right(folder: Path, url: str, database: Postgres, process: Started) -> None:
    """The farm's figures, its ledger and the server's book agree."""
    summary = figures(process)
    assert summary["jobs"]["open"] == summary["jobs"]["rejected"] == summary["jobs"]["quarantined"] == 0
    assert summary["rewards"]["difference_nnet"] == 0
    assert earned(folder, url, database) == book(url)
    done = run_fleet("ledger", "verify", folder=folder, settings=settings(folder, database, {"FLEET_SERVER": url}))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_farm_mines_into_it_is_killed_and_goes_on_without_losing_a_payment(
    tmp_path: Path, database: Postgres
) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        argv, env = up(folder, url, database)
        with started(argv, folder, env) as process:
            for deaths in (1, 2, 3):
                process.says("[REWARD]", times=15 * deaths)
                os.kill(process.child("fleet coordinator").pid, signal.SIGKILL)
                process.says("the coordinator ended with -9", times=deaths)
            process.says("[REWARD]", times=60)
            assert stop(process) == 0, process.words()
            right(folder, url, database, process)
        sessions = asked(url, "/simulator/sessions")["sessions"]
        assert {session["status"] for session in sessions} == {"stopped"}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_of_the_database_is_waited_for(tmp_path: Path, database: Postgres, end: str) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        argv, env = up(folder, url, database)
        with started(argv, folder, env) as process:
            for times in (1, 2):
                process.says("[REWARD]", times=20 * times)
                getattr(database, end)()
                process.says("mining pauses, heartbeats go on", times=times)
                database.start()
                process.says("the ledger can be used again, after", times=times)
            before = process.err.count("[REWARD]")
            eventually("rewards after the restarts", lambda: process.err.count("[REWARD]") > before + 10)
            assert stop(process) == 0, process.words()
            assert "starting it again" not in process.err
            assert "Traceback" not in process.err
            right(folder, url, database, process)


def test_a_database_that_is_not_there_at_the_start_is_waited_for(tmp_path: Path, database: Postgres) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        argv, env = up(folder, url, database)
        database.stop()
        with started(argv, folder, env) as process:
            process.says("waiting for it")
            database.start()
            process.says("[REWARD]")
            assert stop(process) == 0, process.words()
            right(folder, url, database, process)


def test_a_second_coordinator_is_refused_by_the_name_of_the_first(
    tmp_path: Path, database: Postgres, redis_url: str
) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        first_folder, second_folder = tmp_path / "first", tmp_path / "second"
        first_folder.mkdir()
        second_folder.mkdir()
        redis = redis_url.removesuffix("/0")
        given = {"FLEET_SERVER": url, "FLEET_DRAIN_S": "1"}
        one = settings(first_folder, database, given | {"FLEET_REDIS_URL": f"{redis}/9"})
        other = settings(second_folder, database, given | {"FLEET_REDIS_URL": f"{redis}/10"})
        with started([*FLEET, "coordinator"], first_folder, environ(first_folder, one)) as first:
            first.says("Server:")
            second = run_fleet("coordinator", folder=second_folder, settings=other)
            assert second.returncode == 75, second.stderr
            holder = f"held by coordinator {first.pid} on {socket.gethostname()} (from 127.0.0.1)"
            assert holder in second.stderr
            assert first.running
            os.kill(first.pid, signal.SIGKILL)
        done = run_fleet("coordinator", "--for", "1s", folder=second_folder, settings=other)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [b"Q\0\0\0\x0bCOMMIT", b"C\0\0\0\x0bCOMMIT"], ids=["request", "answer"])
def test_a_commit_whose_answer_is_lost_is_neither_lost_nor_made_twice(database: Postgres, words: bytes) -> None:
    with Link(database.url) as link, Ledger(open_engine(link.url), "here") as ledger:
        ledger.commit(paid(1))
        link.cut_at(words)
        with pytest.raises(LedgerBusy):
            ledger.commit(paid(2))
        assert link.met == [words]
        ledger.commit(paid(2))
        ledger.commit(paid(3))
        assert ledger.saved_miner("rig-a1").booked == Decimal("0.3")
        assert [head.entries for head in ledger.heads()] == [3]
    engine = open_engine(database.url, read_only=True)
    (verdict,) = verify(engine)
    engine.dispose()
    assert verdict.right, verdict


def test_a_transaction_that_a_crash_of_the_database_forgot_is_made_again(database: Postgres) -> None:
    """Its number was not given out yet, as far as the database knows, and asking for its status is an error."""
    made: list[bool] = []
    engine = open_engine(database.url)
    link = LedgerLink(engine)
    link._in_doubt = 4_000_000_000
    link.write(lambda _: made.append(True))
    link.close()
    engine.dispose()
    assert made == [True]


def test_a_start_finds_what_a_killed_coordinator_left_a_moment_ago(database: Postgres) -> None:
    """Only one coordinator can hold a server's ledger, so nobody else's session can be among them."""
    with Ledger(open_engine(database.url), "here") as ledger:
        ledger.commit([SessionRequested(miner_id="rig-a1"), SessionRequested(miner_id="rig-b2")])
        ledger.commit([SessionOpened(miner_id="rig-b2", session_id="s2", offset=None)])
    with Ledger(open_engine(database.url), "here") as ledger:
        assert [ledger.saved_miner(name).session_requested for name in ("rig-a1", "rig-b2")] == [True, False]
        left = sorted(ledger.abandoned_sessions(set()), key=lambda session: session.miner_id)
        assert [(one.miner_id, one.session_id, one.requested) for one in left] == [
            ("rig-a1", "", True),
            ("rig-b2", "s2", False),
        ]
        ledger.commit([SessionDenied(miner_id="rig-a1"), SessionClosed(miner_id="rig-b2", session_id="s2", cause="x")])
        assert ledger.abandoned_sessions(set()) == []
