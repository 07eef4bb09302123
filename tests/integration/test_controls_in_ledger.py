"""Controls in a ledger: each change is there with its entry of the log or not at all, whoever else changes them.

One file: all tests use the same book.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.control.control import FARM, ControlChange, LogEntry, Source, Target, TargetKind
from fleet.control.request import ControlRequest
from fleet.coordinator.steering.control_watch import ControlsChanged, ControlWatch
from fleet.errors import ControlRefused, LedgerError
from fleet.ledger.controls import ControlBook, farm_key
from fleet.ledger.storage.engine import open_beside, open_engine
from fleet.ledger.storage.places import LedgerPlace
from tests.support.disks import small_disk

RIG = Target(kind=TargetKind.MINER, name="rig")


def request(change: ControlChange, target: Target = RIG, **more: object) -> ControlRequest:
    return ControlRequest(change=change, target=target, who="sam", **more)  # type: ignore[arg-type]


class Clock:
    now = 1_800_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    open_engine(made).dispose()
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(url: str, clock: Clock) -> Iterator[ControlBook]:
    engine = open_beside(url)
    yield ControlBook(engine, "", clock)
    engine.dispose()


def changes(book: ControlBook) -> list[tuple[ControlChange, str]]:
    return [(entry.change, entry.target.name) for entry in book.log()]


def test_a_control_is_read_back_as_it_was_made_by_another_process_too(url: str, book: ControlBook) -> None:
    made = book.ask(request(ControlChange.PAUSE, until_ms=Clock.now + 60_000, stop_after_s=None, reason="fan")).begins
    assert made is not None
    assert list(ControlBook(open_engine(url, read_only=True), "", Clock()).in_force()) == [made]
    (entry,) = book.log()
    assert (entry.number, entry.who, entry.reason, entry.until_ms) == (1, "sam", "fan", Clock.now + 60_000)


def test_a_refused_request_changes_nothing(book: ControlBook) -> None:
    book.ask(request(ControlChange.PAUSE))
    with pytest.raises(ControlRefused):
        book.ask(request(ControlChange.PAUSE))
    assert changes(book) == [(ControlChange.PAUSE, "rig")]


def test_a_control_whose_time_is_over_ends_by_itself_and_that_is_logged_once(book: ControlBook, clock: Clock) -> None:
    book.ask(request(ControlChange.PAUSE, until_ms=clock.now + 1_000))
    clock.now += 1_000
    assert len(book.in_force()) == 0, "it is in force no longer, whether or not anyone has logged that"
    book.end_overdue()
    book.end_overdue()
    assert changes(book) == [(ControlChange.PAUSE, "rig"), (ControlChange.END, "rig")]
    assert (book.log()[-1].at_ms, book.log()[-1].who) == (clock.now, "the clock")
    book.ask(request(ControlChange.PAUSE))


def test_farms_that_share_a_database_have_their_own_controls(url: str, book: ControlBook) -> None:
    other = ControlBook(open_beside(url), "https://other.example.com")
    book.ask(request(ControlChange.PAUSE, FARM))
    assert (len(other.in_force()), other.log(), other.last()) == (0, (), 0)
    shared = LedgerPlace(url="postgresql+psycopg://fleet@db/fleet", simulated=False)
    assert farm_key(shared, "https://a.example.com") == "https://a.example.com"
    assert farm_key(LedgerPlace(url=url, simulated=False), "https://a.example.com") == ""


def test_news_are_the_changes_since_the_last_look(book: ControlBook) -> None:
    assert book.news(0) is None
    book.ask(request(ControlChange.PAUSE))
    book.ask(request(ControlChange.RETRY, FARM))
    news = book.news(0)
    assert news is not None
    seen, controls, entries = news
    assert (seen, len(controls), [entry.change for entry in entries]) == (
        2,
        1,
        [ControlChange.PAUSE, ControlChange.RETRY],
    )
    assert book.news(seen) is None


def test_of_requests_at_once_one_is_followed_and_the_others_are_refused(url: str, book: ControlBook) -> None:
    refused: list[ControlRefused] = []
    go = threading.Barrier(8)

    def ask(number: int) -> None:
        own = ControlBook(open_beside(url), "")
        go.wait()
        try:
            own.ask(ControlRequest(change=ControlChange.PAUSE, target=RIG, who=f"user {number}"))
        except ControlRefused as exc:
            refused.append(exc)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    (control,), (entry,) = list(book.in_force()), book.log()
    assert control.who == entry.who


def test_without_a_ledger_or_with_an_older_one_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        open_beside(f"sqlite:///{tmp_path / 'none.sqlite'}")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_ledger_on_a_disk_that_can_only_be_read_takes_no_change_and_says_why(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        url = f"sqlite:///{disk / 'ledger.sqlite'}"
        open_engine(url).dispose()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(LedgerError, match="can only be read: mount it for writing"):
            open_beside(url)
        open_engine(url, read_only=True).dispose()


_ENDLESS = """
import itertools, sys
from fleet.control.control import ControlChange, Target, TargetKind
from fleet.control.request import ControlRequest
from fleet.ledger.controls import ControlBook
from fleet.ledger.storage.engine import open_beside
book = ControlBook(open_beside(sys.argv[1]), "")
target = Target(kind=TargetKind.MINER, name="rig")
print("ready", flush=True)
for number in itertools.count():
    for change in (ControlChange.PAUSE, ControlChange.RESUME):
        book.ask(ControlRequest(change=change, target=target, who=str(number)))
"""


def test_a_process_killed_in_mid_change_leaves_the_old_state_or_the_new_one_with_its_entry(
    url: str, book: ControlBook
) -> None:
    for round_ in range(5):
        held = list(book.in_force())
        if held:
            book.ask(request(ControlChange.RESUME))
        before = book.last()
        process = subprocess.Popen([sys.executable, "-c", _ENDLESS, url], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        while book.last() < before + 3 + round_:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        last, held = book.log(1)[0], list(book.in_force())
        assert [one.who for one in held] == ([last.who] if last.change is ControlChange.PAUSE else []), last


def test_the_watch_tells_each_change_and_ends_what_is_over(book: ControlBook, clock: Clock) -> None:
    told: list[ControlsChanged] = []
    news = threading.Event()

    def tell(change: ControlsChanged) -> None:
        told.append(change)
        news.set()

    watch = ControlWatch(book, book.last(), tell, turn=threading.Lock(), now_ms=clock)
    try:
        book.ask(request(ControlChange.PAUSE, until_ms=clock.now + 1_000))
        assert news.wait(60)
        news.clear()
        assert [len(one.controls) for one in told] == [1]
        clock.now += 1_000
        assert news.wait(60)
    finally:
        watch.close()
    entries: list[LogEntry] = [entry for one in told for entry in one.entries]
    assert [entry.change for entry in entries] == [ControlChange.PAUSE, ControlChange.END]
    assert len(told[-1].controls) == 0
    assert {entry.source for entry in entries} == {Source.OPERATOR}
