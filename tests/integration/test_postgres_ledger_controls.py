"""Controls in PostgreSQL: of changes at once one is made, and a killed process leaves the old state or the new one."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from fleet.control.control import ControlChange, Target, TargetKind
from fleet.control.request import ControlRequest
from fleet.errors import ControlRefused
from fleet.ledger.controls import ControlBook
from fleet.ledger.storage.engine import open_beside, open_engine
from tests.support.lacks import lacks
from tests.support.postgres import Postgres, postgres

RIG = Target(kind=TargetKind.MINER, name="rig")
HERE, THERE = "https://here.example.com", "https://there.example.com"
NOW_MS = 1_800_000_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server with an empty ledger."""
    if importlib.util.find_spec("psycopg") is None:
        lacks("no psycopg: .venv/bin/pip install 'psycopg[binary]'")
    with postgres() as started:
        open_engine(started.url).dispose()
        yield started


def request(change: ControlChange, who: str = "sam", **more: object) -> ControlRequest:
    return ControlRequest(change=change, target=RIG, who=who, **more)  # type: ignore[arg-type]


def test_of_requests_at_once_one_is_followed_and_those_of_another_farm_are_its_own(server: Postgres) -> None:
    refused: list[ControlRefused] = []
    go = threading.Barrier(8)

    def ask(farm: str, number: int) -> None:
        own = ControlBook(open_beside(server.url), farm)
        go.wait()
        try:
            own.ask(request(ControlChange.PAUSE, f"user {number}"))
        except ControlRefused as exc:
            refused.append(exc)
        own.close()

    threads = [threading.Thread(target=ask, args=((HERE, THERE)[number % 2], number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 6
    for farm in (HERE, THERE):
        book = ControlBook(open_engine(server.url, read_only=True), farm)
        (control,), (entry,) = list(book.in_force()), book.log()
        assert control.who == entry.who
        assert book.news(0) == (entry.number, book.in_force(), (entry,))
        book.close()


def test_what_is_over_ends_by_itself_and_that_is_logged_once(server: Postgres) -> None:
    now_ms = [NOW_MS]
    book = ControlBook(open_beside(server.url), "over", lambda: now_ms[0])
    book.ask(request(ControlChange.PAUSE, until_ms=NOW_MS + 1_000, stop_after_s=None, reason="fan"))
    assert [(one.until_ms, one.stop_after_s, one.reason) for one in book.in_force()] == [(NOW_MS + 1_000, None, "fan")]
    now_ms[0] += 1_000
    book.end_overdue()
    book.end_overdue()
    assert [(entry.change, entry.at_ms) for entry in book.log()] == [
        (ControlChange.PAUSE, NOW_MS),
        (ControlChange.END, NOW_MS + 1_000),
    ]
    book.close()


#: dies after so many statements; the last one before the transaction ends is its commit
_DYING = """
import os, signal, sys
from sqlalchemy import event
from fleet.control.control import ControlChange, Target, TargetKind
from fleet.control.request import ControlRequest
from fleet.ledger.controls import ControlBook
from fleet.ledger.storage.engine import open_beside
left = int(sys.argv[2])
def step(*_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
engine = open_beside(sys.argv[1])
for name in ("after_cursor_execute", "commit"):
    event.listen(engine, name, step)
target = Target(kind=TargetKind.MINER, name="rig")
ControlBook(engine, "dying").ask(ControlRequest(change=ControlChange.PAUSE, target=target, who="new", replaces=True))
"""


def test_a_process_that_is_killed_at_any_step_of_a_change_leaves_the_old_state(server: Postgres) -> None:
    book = ControlBook(open_beside(server.url), "dying")
    book.ask(request(ControlChange.PAUSE, "old"))
    kills = 0
    while subprocess.run([sys.executable, "-c", _DYING, server.url, str(kills + 1)], check=False).returncode:
        kills += 1
        assert kills < 20
        assert [one.who for one in book.in_force()] == [entry.who for entry in book.log()] == ["old"]
        with pytest.raises(ControlRefused):
            book.ask(request(ControlChange.PAUSE))
    assert kills >= 5, "LOCK, SELECT, DELETE, two INSERTs and COMMIT"
    assert [one.who for one in book.in_force()] == ["new"]
    assert [entry.who for entry in book.log()] == ["old", "new"]
    book.close()
