"""A host that computes wrongly is paused by a control in the ledger, and trusted again once somebody resumes it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fleet.audit.auditor import Auditor
from fleet.control.control import ControlChange, Source, Target, TargetKind
from fleet.control.request import ControlRequest
from fleet.coordinator.steering.distrust import WHO, Distrust
from fleet.domain.checks import Checked
from fleet.ledger.controls import ControlBook
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_beside, open_engine

BAD = Target(kind=TargetKind.HOST, name="bad")


@pytest.fixture
def book(tmp_path: Path) -> ControlBook:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with Ledger(open_engine(url), "one"):
        return ControlBook(open_beside(url), "")


def _wrong_twice(auditor: Auditor, host: str = "bad") -> None:
    for _ in range(2):
        auditor.take(Checked(job_id="j1", wrong=(host,)))


def test_a_host_that_was_wrong_twice_is_paused_once_and_forgiven_when_it_is_resumed(book: ControlBook) -> None:
    auditor = Auditor(1.0)
    distrust = Distrust(auditor, book, threading.Lock())
    _wrong_twice(auditor)
    for _ in range(2):
        distrust.look()
        distrust.follow(book.in_force())
    control = book.in_force().get(BAD, Source.OPERATOR)
    assert control is not None
    assert (control.who, control.reason) == (WHO, "2 of its results were wrong")
    assert len(book.log()) == 1
    book.ask(ControlRequest(change=ControlChange.RESUME, target=BAD, who="alex"))
    distrust.follow(book.in_force())
    assert auditor.trusts("worker@bad")
    _wrong_twice(auditor)
    distrust.look()
    assert book.in_force().get(BAD, Source.OPERATOR) is not None


def test_the_next_coordinator_refuses_the_results_of_a_host_that_is_still_paused(book: ControlBook) -> None:
    before = Auditor(1.0)
    _wrong_twice(before)
    Distrust(before, book, threading.Lock()).look()
    auditor = Auditor(1.0)
    distrust = Distrust(auditor, book, threading.Lock())
    distrust.follow(book.in_force())
    assert not auditor.trusts("worker@bad")
    distrust.look()
    assert len(book.log()) == 1


def test_a_host_that_an_operator_paused_stays_as_the_operator_ordered(book: ControlBook) -> None:
    book.ask(ControlRequest(change=ControlChange.PAUSE, target=BAD, who="alex", reason="repair"))
    auditor = Auditor(1.0)
    distrust = Distrust(auditor, book, threading.Lock())
    distrust.follow(book.in_force())
    assert auditor.trusts("worker@bad"), "a pause alone says nothing of its results"
    _wrong_twice(auditor)
    distrust.look()
    distrust.follow(book.in_force())
    control = book.in_force().get(BAD, Source.OPERATOR)
    assert control is not None
    assert control.who == "alex"
    assert not auditor.trusts("worker@bad")


def test_a_host_that_was_found_wrong_during_an_operators_pause_is_paused_when_that_is_over(book: ControlBook) -> None:
    book.ask(ControlRequest(change=ControlChange.PAUSE, target=BAD, who="alex", reason="repair"))
    auditor = Auditor(1.0)
    distrust = Distrust(auditor, book, threading.Lock())
    _wrong_twice(auditor)
    # asked before the operator's pause is seen, and after
    distrust.look()
    distrust.follow(book.in_force())
    distrust.look()
    assert len(book.log()) == 1
    book.ask(ControlRequest(change=ControlChange.RESUME, target=BAD, who="alex"))
    distrust.follow(book.in_force())
    distrust.look()
    control = book.in_force().get(BAD, Source.OPERATOR)
    assert control is not None
    assert control.who == WHO
    distrust.follow(book.in_force())
    book.ask(ControlRequest(change=ControlChange.RESUME, target=BAD, who="alex"))
    distrust.follow(book.in_force())
    assert auditor.trusts("worker@bad"), "so there is a way back"


def test_beyond_the_most_hosts_each_gets_its_control_once_another_is_resumed(book: ControlBook) -> None:
    auditor = Auditor(1.0)
    distrust = Distrust(auditor, book, threading.Lock())
    hosts = [f"h{number}" for number in range(70)]
    for host in hosts:
        _wrong_twice(auditor, host)

    def paused() -> set[str]:
        distrust.look()
        distrust.follow(book.in_force())
        distrust.look()
        return set(book.in_force().names(TargetKind.HOST))

    assert len(paused()) == 64
    assert not any(auditor.trusts(f"worker@{host}") for host in hosts)
    resumed: set[str] = set()
    while len(resumed) < len(hosts):
        name = min(paused())
        book.ask(
            ControlRequest(change=ControlChange.RESUME, target=Target(kind=TargetKind.HOST, name=name), who="alex")
        )
        resumed.add(name)
    assert paused() == set()
    assert all(auditor.trusts(f"worker@{host}") for host in hosts)
