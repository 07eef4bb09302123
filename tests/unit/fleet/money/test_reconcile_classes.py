"""Every made difference between server and ledger is classified, booked where proved, and found once.

One file: the table of the differences is most of it, and one test reads each of its rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest

from fleet.domain.causes import OF_WALLET, Difference
from fleet.ledger.reports.differences import comparisons
from fleet.ledger.reports.verify import verify
from tests.support.desk import ANEW, RECORD, Desk, desk, found

D = Difference


@dataclass(frozen=True, kw_only=True)
class Made:
    """A made difference: what happened, what the server then states, and what it has to be called."""

    happened: Callable[[Desk], object]
    total: float
    jobs: int | None
    kind: Difference | None
    #: what is booked since the base after that
    booked: str
    recovered: int = 0
    unexplained: str = "0"
    #: since when the server then has its record of the miner
    record: int | None = RECORD


def lines(*steps: Callable[[Desk], object]) -> Callable[[Desk], None]:
    def happen(desk: Desk) -> None:
        for step in steps:
            step(desk)

    return happen


CASES: dict[str, Made] = {
    "nothing is missing": Made(happened=lambda d: d.paid(0.1, 0.2), total=100.3, jobs=7, kind=None, booked="0.3"),
    "a float sum is off in its last place": Made(
        happened=lambda d: d.paid(0.1, 0.7), total=100.79999999999998, jobs=7, kind=None, booked="0.8"
    ),
    "a lost answer was paid": Made(
        happened=lines(lambda d: d.paid(0.1), lambda d: d.lost(0.25)),
        total=100.35,
        jobs=7,
        kind=D.ANSWER_LOST,
        booked="0.35",
        recovered=1,
    ),
    "one of three lost answers was paid": Made(
        happened=lambda d: d.lost(0.25, 0.5, 2.0), total=100.5, jobs=6, kind=D.ANSWER_LOST, booked="0.5", recovered=1
    ),
    "two of three lost answers were paid, and the server counts no jobs": Made(
        happened=lambda d: d.lost(0.25, 0.5, 2.0),
        total=102.25,
        jobs=None,
        kind=D.ANSWER_LOST,
        booked="2.25",
        recovered=2,
    ),
    "a lost answer was paid otherwise than stated": Made(
        happened=lambda d: d.lost(0.25), total=100.125, jobs=6, kind=D.ANSWER_LOST, booked="0.125", recovered=1
    ),
    "an unconfirmed payment is in the total": Made(
        happened=lines(lambda d: d.paid(1.0), lambda d: d.claimed(0.5)),
        total=101.5,
        jobs=7,
        kind=D.CONFIRMED,
        booked="1.5",
    ),
    "unconfirmed payments are in a total that counts no jobs": Made(
        happened=lambda d: d.claimed(0.5, 0.25), total=100.75, jobs=None, kind=D.CONFIRMED, booked="0.75"
    ),
    "one of two unconfirmed payments was not made": Made(
        happened=lines(lambda d: d.paid(1.0), lambda d: d.claimed(0.5, 0.25)),
        total=101.25,
        jobs=7,
        kind=D.ANSWER_LOST,
        booked="1.25",
    ),
    "an unconfirmed payment was not made, and the server counts no jobs": Made(
        happened=lines(lambda d: d.paid(1.0), lambda d: d.claimed(0.5)),
        total=101.0,
        jobs=None,
        kind=D.ANSWER_LOST,
        booked="1.0",
    ),
    "an unconfirmed payment was higher than stated": Made(
        happened=lambda d: d.claimed(0.5), total=100.75, jobs=6, kind=D.ANSWER_LOST, booked="0.75"
    ),
    "the server began anew and registered the miner again": Made(
        happened=lines(lambda d: d.paid(3.0), lambda d: d.registers(0.0, 0, new=True)),
        total=0.0,
        jobs=0,
        kind=D.FORGOTTEN,
        booked="0",
    ),
    "the total fell below its base": Made(
        happened=lambda d: d.paid(3.0), total=1.0, jobs=1, kind=D.FORGOTTEN, booked="0"
    ),
    "the total lacks a payment that the server had confirmed": Made(
        happened=lambda d: d.paid(3.0, 2.0), total=102.0, jobs=6, kind=D.FORGOTTEN, booked="0"
    ),
    "all unconfirmed payments are gone from total and count, and the server still has its record": Made(
        happened=lambda d: d.claimed(0.5, 0.25), total=100.0, jobs=5, kind=D.ANSWER_LOST, booked="0.00"
    ),
    "all unconfirmed payments are gone from total and count, and the server does not date its record": Made(
        happened=lambda d: d.claimed(0.5, 0.25), total=100.0, jobs=5, kind=D.FORGOTTEN, booked="0", record=None
    ),
    "the server began anew without a word, and has paid the last two again since": Made(
        happened=lambda d: d.claimed(0.8, 0.5, 0.4, 0.4, 0.8),
        total=101.2,
        jobs=7,
        kind=D.FORGOTTEN,
        booked="0",
        record=ANEW,
    ),
    "the server began anew, has paid the last two again since, and does not date its record": Made(
        happened=lambda d: d.claimed(0.8, 0.5, 0.4, 0.4, 0.8),
        total=101.2,
        jobs=7,
        kind=D.FORGOTTEN,
        booked="0",
        record=None,
    ),
    "another client submitted under the same id": Made(
        happened=lambda d: d.paid(1.0), total=103.5, jobs=9, kind=D.OTHER_CLIENT, booked="3.5"
    ),
    "another client holds the session, and the server counts no jobs": Made(
        happened=lambda d: d.session(adopted=True), total=102.0, jobs=None, kind=D.OTHER_CLIENT, booked="2.0"
    ),
    "a heartbeat's answer was lost": Made(
        happened=lines(lambda d: d.beats(0.05), lambda d: d.account.heartbeat_lost()),
        total=100.1,
        jobs=5,
        kind=D.HEARTBEAT,
        booked="0.10",
    ),
    "a heartbeat was answered while work was unresolved, and its sum was not weighed": Made(
        happened=lines(lambda d: d.session(), lambda d: d.sums(0.07, unresolved=True)),
        total=100.07,
        jobs=5,
        kind=D.HEARTBEAT,
        booked="0.07",
    ),
    "a heartbeat came before the first sum of an adopted session, which had nothing to be compared with": Made(
        happened=lines(lambda d: d.session(adopted=True), lambda d: d.sums(0.07), lambda d: d.sums(0.07)),
        total=100.07,
        jobs=5,
        kind=D.HEARTBEAT,
        booked="0.07",
    ),
    "a sum told what a lost heartbeat had brought, and more was paid": Made(
        happened=lines(lambda d: d.session(), lambda d: d.account.heartbeat_lost(), lambda d: d.sums(0.07)),
        total=103.07,
        jobs=None,
        kind=D.UNKNOWN,
        booked="3.07",
        unexplained="3.0",
    ),
    "heartbeats pay, and their answers do not say so": Made(
        happened=lines(lambda d: d.paid(1.0), lambda d: d.beats_silently()),
        total=101.07,
        jobs=6,
        kind=D.HEARTBEAT,
        booked="1.07",
    ),
    "a heartbeat that counts jobs again lost its answer": Made(
        happened=lines(lambda d: d.session(), lambda d: d.paid(1.0, 1.0), lambda d: d.account.heartbeat_lost()),
        total=102.4,
        jobs=9,
        kind=D.HEARTBEAT,
        booked="2.4",
    ),
    "more was paid, and nothing explains it": Made(
        happened=lambda d: d.paid(1.0), total=104.0, jobs=None, kind=D.UNKNOWN, booked="4.0", unexplained="3.0"
    ),
    "less was paid than unconfirmed, in the record that counted it": Made(
        happened=lambda d: d.claimed(0.5, 0.25), total=100.6, jobs=None, kind=D.ANSWER_LOST, booked="0.60"
    ),
    "less was paid than unconfirmed, and the server does not date its record": Made(
        happened=lambda d: d.claimed(0.5, 0.25),
        total=100.6,
        jobs=None,
        kind=D.UNKNOWN,
        booked="0",
        unexplained="0.15",
        record=None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_made_difference_is_called_what_it_is_and_found_once(name: str) -> None:
    case, made = CASES[name], desk()
    case.happened(made)
    before = made.ledger.run_and_ledger("none")[0].jobs
    made.states(case.total, case.jobs, case.record)
    kinds = [finding.kind for row in comparisons(made.engine) for finding in row.findings]
    assert kinds == ([] if case.kind is None else [case.kind])
    assert made.account.since_base == Decimal(case.booked)
    assert made.account.difference == 0
    assert made.account.unexplained == Decimal(case.unexplained)

    after = made.ledger.run_and_ledger("none")[0].jobs
    assert after["already_completed"] - before["already_completed"] == case.recovered
    assert before["expired"] - after["expired"] == case.recovered
    (verdict,) = verify(made.engine)
    assert verdict.right, verdict

    assert not found(made.states(case.total, case.jobs, case.record))
    made.restart()
    assert not found(made.states(case.total, case.jobs, case.record))
    assert made.account.since_base == Decimal(case.booked)
    assert made.account.unexplained == Decimal(case.unexplained)


#: the rest rests on what only the running coordinator knows: a lost heartbeat, a foreign session
PERSISTENT = [
    name
    for name, case in CASES.items()
    if "heartbeat" not in name and "session" not in name and case.kind is not D.FORGOTTEN
]


@pytest.mark.parametrize("name", PERSISTENT)
def test_a_restart_before_the_total_is_stated_changes_no_class_and_no_amount(name: str) -> None:
    case, made = CASES[name], desk()
    case.happened(made)
    made.restart()
    assert found(made.states(case.total, case.jobs, case.record)) == ([] if case.kind is None else [case.kind])
    assert made.account.since_base == Decimal(case.booked)


def test_there_are_twenty_differences() -> None:
    assert sum(case.kind is not None for case in CASES.values()) >= 20
    assert {case.kind for case in CASES.values()} == {None, *D} - OF_WALLET
