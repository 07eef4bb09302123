"""The wallet: money that left it is found once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Difference
from fleet.domain.effects import BalanceSeen
from fleet.domain.saved_state import SavedMiner
from fleet.domain.wallets import StatedWallet
from fleet.money.books import Books
from fleet.money.wallet import Wallet
from tests.support.wallet_server import Server, alerts, findings, kinds


def test_the_first_balance_is_no_departure_whatever_was_sent_before() -> None:
    server = Server(total=10, balance=4)
    assert findings(server.kept) == []
    wallet = StatedWallet(balance=Decimal(4), total=Decimal(10), booked=Decimal(0))
    assert server.kept == [BalanceSeen(miner_id="rig-1", wallet=wallet)]


def test_pay_moves_both_figures_and_is_no_departure_whether_booked_or_not() -> None:
    server = Server(total=10, balance=4)
    server.pay("1.5")
    server.pay("2.5", booked=False)
    assert findings(server.look()) == []


def test_money_that_left_is_found_exactly_and_said_once() -> None:
    server = Server()
    server.pay("5.3")
    server.look()
    server.pay("0.2")
    server.send("1.25")
    seen = server.look()
    assert kinds(seen) == [(Difference.SENT, Decimal("-1.25"))]
    assert alerts(seen) == [
        "1.25 NNET left the wallet, which holds 4.25 now; if you did not send it, somebody else knows the miner's id"
    ]
    assert "rig-1" not in findings(seen)[0].evidence
    server.pay("0.2")
    assert kinds(server.look()) == []
    server.send("0.5")
    assert kinds(server.look()) == [(Difference.SENT, Decimal("-0.5"))]


@pytest.mark.parametrize("at_look", [True, False])
def test_a_departure_is_said_once_over_a_restart_too(at_look: bool) -> None:
    server = Server()
    server.pay(5)
    server.look()
    if at_look:
        server.send(2)
        assert len(kinds(server.look())) == 1
        server.restart()
        assert kinds(server.look()) == []
    else:
        server.restart()
        server.send(2)
        assert kinds(server.look()) == [(Difference.SENT, Decimal(-2))]


def test_money_that_comes_in_is_no_finding_and_its_departure_is_one() -> None:
    server = Server()
    server.pay(5)
    server.look()
    server.send(-3)
    assert kinds(server.look()) == []
    server.send(3)
    assert kinds(server.look()) == [(Difference.SENT, Decimal(-3))]


def test_an_older_answer_shows_no_departure_and_does_not_repeat_one() -> None:
    server = Server()
    server.pay(5)
    server.look()
    older = server.balance, server.total
    server.pay(1)
    server.send(2)
    assert len(kinds(server.look())) == 1
    assert server.wallet.stated(*older) == []
    assert kinds(server.look()) == []


def test_floats_that_were_added_in_another_order_are_no_departure() -> None:
    total, balance = 0.0, 1000.0
    server, drifts = Server(total=0, balance=1000), set()
    for number in range(2000):
        reward = 0.1 + number / 3000
        total, balance = total + reward, balance + reward
        server.books.book(EntryKind.JOB, Decimal(repr(reward)), True, "")
        assert findings(server.wallet.stated(Decimal(repr(balance)), Decimal(repr(total)))) == []
        drifts.add(Decimal(repr(balance)) - Decimal(repr(total)))
    assert len(drifts) > 1


def test_one_receipt_in_each_interval_of_heartbeats_is_looked_at() -> None:
    server = Server()
    server.pay(1)
    assert server.wallet.receipt(server.balance, server.total) == []
    server.wallet.beat()
    assert server.wallet.receipt(server.balance, server.total) != []
    assert server.wallet.receipt(server.balance, server.total) == []


def test_without_a_balance_nothing_is_stated() -> None:
    assert Wallet(Books("rig-1", SavedMiner()), None).stated(None, Decimal(1)) == []


def test_a_balance_without_a_total_is_shown_and_compared_with_none() -> None:
    wallet = Wallet(Books("rig-1", SavedMiner()), None)
    assert len(wallet.stated(Decimal(5), None)) == 1
    assert findings(wallet.stated(Decimal(1), None)) == []
    assert findings(wallet.stated(Decimal(1), Decimal(9))) == []
    assert wallet.stated(Decimal(0), None) == []
    assert kinds(wallet.stated(Decimal(0), Decimal(9))) == [(Difference.SENT, Decimal(-1))]
