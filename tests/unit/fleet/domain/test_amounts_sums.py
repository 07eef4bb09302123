"""Sums of amounts are exact, or an error."""

from __future__ import annotations

import threading
from decimal import Decimal, Inexact

from fleet.domain.amounts import ZERO, EntryKind
from fleet.domain.answers import HeartbeatAnswer, Totals
from fleet.domain.effects import Booked
from fleet.domain.jobs import Entry
from fleet.exact_json import dump
from fleet.ledger.ledger import Ledger
from fleet.ledger.reports.verify import verify
from fleet.ledger.storage.engine import open_engine
from fleet.money.balance import MinerAccount

#: the two together take 50 digits; the giant one is of an older release, which booked any amount
GIANT, SMALL = Decimal("1e+15"), Decimal("1.2345678901234567e-18")
BOTH = "1000000000000000.0000000000000000012345678901234567"


def booked(amount: Decimal) -> Booked:
    return Booked(
        entry=Entry(miner_id="rig-1", kind=EntryKind.HEARTBEAT, amount=amount, confirmed=True, session_id="s1")
    )


def test_a_small_amount_beside_a_giant_one_keeps_its_last_digit() -> None:
    engine = open_engine("sqlite://")
    with Ledger(engine, "here") as ledger:
        ledger.commit([booked(GIANT)])
        ledger.commit([booked(SMALL), booked(-SMALL), booked(SMALL)])
        saved = ledger.saved_miner("rig-1")
        assert format(saved.booked, "f") == BOTH
        assert format(ledger.kind_sums(["rig-1"])["heartbeat"], "f") == BOTH
        (verdict,) = verify(engine)
        assert verdict.right
        assert format(verdict.booked, "f") == BOTH
    account = MinerAccount("rig-1", saved)
    account.compare(Totals(total_rewards=ZERO))
    account.heartbeat(HeartbeatAnswer(reward=SMALL))
    assert account.since_base == SMALL
    assert dump({"nnet": saved.booked, "less": -saved.booked}) == f'{{"nnet": {BOTH}, "less": -{BOTH}}}'


def test_the_largest_and_the_smallest_float_add_up_exactly() -> None:
    largest, smallest = Decimal("1.7976931348623157e+308"), Decimal("5e-324")
    assert largest + smallest - largest == smallest


def test_a_sum_that_would_lose_a_digit_is_an_error_in_every_thread() -> None:
    raised: list[str] = []

    def divide() -> None:
        try:
            Decimal(1) / 3
        except Inexact as exc:
            raised.append(type(exc).__name__)

    divide()
    thread = threading.Thread(target=divide)
    thread.start()
    thread.join()
    assert raised == ["Inexact", "Inexact"]
