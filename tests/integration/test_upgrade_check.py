"""An upgrade that is tried on a copy of a ledger of each version, and the proof that nothing was lost by it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from fleet.doctor.diagnosis import Grade
from fleet.doctor.upgrade import judged_proof, judged_trial, keep_mark, kept_mark
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
from fleet.ledger.storage.version import SCHEMA_VERSION
from fleet.ledger.trial import hash_at, holdings, tried
from tasks.broker.handshake import announce, release
from tasks.broker.redis_client import redis_client
from tasks.broker.statement import own_statement
from tasks.messages import JOBS_QUEUE, SLOTS_KEY, STATEMENTS_KEY
from tasks.wire_versions import WIRE_VERSION
from tests.support.processes import run_fleet

_SUPPORT = Path(__file__).parents[1] / "support"
_OWN = own_statement(release(), Settings())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder."""
    made = tmp_path / "state"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def farm(empty_redis_url: str) -> str:
    """The URL of a Redis that a coordinator and a worker of this release use."""
    assert announce(empty_redis_url, _OWN) is None
    with redis_client(empty_redis_url) as client:
        client.hset(SLOTS_KEY, "attic", "1 0 1")
        client.hset(STATEMENTS_KEY, "attic", _OWN.encode())
        client.lpush(JOBS_QUEUE, "a message")
    return empty_redis_url


def written(version: int, folder: Path) -> Path:
    """The ledger of a farm of this version."""
    path = folder / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((_SUPPORT / f"farm_ledger_v{version}.sql").read_text(encoding="utf-8"))
    return path


def checked(folder: Path, *options: str, redis_url: str | None = None) -> tuple[int, dict[str, Any], str]:
    """The exit code, the last line of each subject, and all that was printed."""
    settings = {"FLEET_STATE_DIR": str(folder)} | ({} if redis_url is None else {"FLEET_REDIS_URL": redis_url})
    done = run_fleet("upgrade-check", "--json", *options, folder=folder.parent, settings=settings)
    stated = json.loads(done.stdout)
    return done.returncode, {one["subject"]: one for one in stated.get("checks", ())}, done.stdout + done.stderr


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_each_version_is_tried_on_a_copy_and_proved_afterwards(folder: Path, version: int) -> None:
    path = written(version, folder)
    place, before = LedgerPlace(url=f"sqlite:///{path}", simulated=True), path.read_bytes()
    trial = tried(place, folder / "ledger.heads")
    assert path.read_bytes() == before, "the ledger itself was changed"
    assert {one.name for one in folder.iterdir()} <= {"ledger.sqlite", "ledger.sqlite-shm", "ledger.sqlite-wal"}
    (found,) = judged_trial(trial)
    assert found.grade is Grade.OK
    assert (f"from schema {version} to {SCHEMA_VERSION}" in found.found) is (version < SCHEMA_VERSION)
    keep_mark(folder, trial.held, "0.2.0")

    engine = open_engine(place.url)
    kept, _ = kept_mark(folder)
    assert all(hash_at(engine, name, seq) == digest for name, (seq, digest) in kept.heads.items())
    assert kept.jobs > 0
    assert judged_proof(kept, holdings(engine, kept.newest_at), []).grade is Grade.OK
    engine.dispose()


def test_the_command_tries_says_the_order_and_proves(folder: Path, farm: str) -> None:
    written(SCHEMA_VERSION - 1, folder)
    code, checks, said = checked(folder, redis_url=farm)
    assert code == 0, said
    assert checks["ledger"]["grade"] == "ok"
    assert checks["order"]["found"].startswith("coordinator first")
    assert "1 messages in Redis" in checks["waiting"]["found"]
    open_engine(f"sqlite:///{folder / 'ledger.sqlite'}").dispose()
    code, checks, said = checked(folder, "--proof")
    assert (code, checks["upgrade"]["grade"]) == (0, "ok"), said
    assert "lost 0" in checks["upgrade"]["found"]


@pytest.mark.parametrize(
    "fault",
    [
        "DELETE FROM jobs WHERE assigned_at = (SELECT min(assigned_at) FROM jobs)",
        "UPDATE entries SET hash = x'00' WHERE seq = (SELECT max(seq) FROM entries)",
        "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)",
    ],
)
def test_a_ledger_that_lost_jobs_or_entries_is_no_proof(folder: Path, fault: str) -> None:
    path = written(SCHEMA_VERSION, folder)
    keep_mark(folder, holdings(open_engine(f"sqlite:///{path}", read_only=True)), "0.2.0")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(fault)
    code, checks, said = checked(folder, "--proof")
    assert (code, checks["upgrade"]["grade"]) == (69, "fail"), said


def test_an_altered_ledger_is_not_upgraded(folder: Path) -> None:
    path = written(SCHEMA_VERSION - 1, folder)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE entries SET amount = '1000000' WHERE seq = 1")
    code, checks, said = checked(folder)
    assert (code, checks["ledger"]["grade"]) == (69, "fail"), said
    assert "don't upgrade" in checks["ledger"]["advice"]


def test_a_ledger_of_a_newer_release_is_a_fault(folder: Path) -> None:
    path = written(SCHEMA_VERSION, folder)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    code, checks, _ = checked(folder)
    assert (code, checks["ledger"]["grade"]) == (69, "fail")
    assert "99" in checks["ledger"]["found"]


def test_a_host_of_another_wire_version_is_named_with_the_order(folder: Path, farm: str) -> None:
    written(SCHEMA_VERSION, folder)
    with redis_client(farm) as client:
        client.hset(STATEMENTS_KEY, "attic", replace(_OWN, wire=WIRE_VERSION + 1, oldest_wire=None).encode())
    code, checks, said = checked(folder, redis_url=farm)
    assert code == 0
    assert checks["order"]["grade"] == "warn"
    assert "exchange no jobs" in checks["order"]["found"]
    assert f"attic: release {release()}, wire version {WIRE_VERSION + 1}" in said


def test_a_proof_without_a_check_before_says_so(folder: Path) -> None:
    written(SCHEMA_VERSION, folder)
    code, _, said = checked(folder, "--proof")
    assert code == 69
    assert "run `fleet upgrade-check` before an upgrade" in said


def test_without_a_ledger_and_a_farm_nothing_is_made(folder: Path) -> None:
    code, checks, _ = checked(folder)
    assert (code, checks["ledger"]["grade"]) == (69, "fail")
    assert checks["hosts"]["grade"] == "not_checked"
    assert not list(folder.iterdir())
