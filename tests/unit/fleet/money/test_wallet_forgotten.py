"""A server that forgot its totals: one that kept the wallet is told from one that lost the money."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.causes import Difference
from fleet.domain.saved_state import SavedMiner
from fleet.domain.wallets import StatedWallet
from fleet.money.books import Books
from fleet.money.wallet import Wallet
from tests.support.wallet_server import Amount, Server, alerts, findings, kinds


def paid(amount: Amount) -> Server:
    server = Server()
    server.pay(amount)
    server.look()
    return server


def test_a_server_that_forgot_its_totals_and_kept_the_wallet() -> None:
    server = paid(8)
    server.forget(8)
    server.pay(1)
    seen = server.look()
    assert kinds(seen) == [(Difference.WALLET_KEPT, Decimal(0))]
    assert findings(seen)[0].evidence == "8 of 8 NNET are there after the server forgot its totals"
    server.pay(1)
    server.send(3)
    assert kinds(server.look()) == [(Difference.SENT, Decimal(-3))]


def test_what_was_not_saved_before_a_restart_is_named() -> None:
    server = paid(8)
    server.pay(2)
    server.forget(7)
    server.pay(1)
    seen = server.look()
    assert kinds(seen) == [(Difference.WALLET_KEPT, Decimal(-3))]
    assert findings(seen)[0].evidence.startswith("7 of 10 NNET are there")
    assert findings(seen)[0].evidence.endswith("3 were not saved, or left it meanwhile")


def test_a_server_that_lost_the_money_with_its_totals() -> None:
    server = paid(8)
    server.forget(0)
    server.pay(1)
    seen = server.look()
    assert kinds(seen) == [(Difference.WALLET_LOST, Decimal(-8))]
    assert len(alerts(seen)) == 1
    server.pay(1)
    assert kinds(server.look()) == []


def test_pay_that_no_answer_stated_is_not_taken_for_money_that_was_kept() -> None:
    server = paid(8)
    server.forget(0)
    server.pay(1)
    server.pay("0.5", booked=False)
    assert kinds(server.look()) == [(Difference.WALLET_LOST, Decimal(-8))]


def test_a_total_that_fell_is_judged_by_the_answer_that_showed_it() -> None:
    server = paid(8)
    server.total, server.balance = Decimal(2), Decimal(9)
    server.wallet.forgotten()
    server.books.rebase(server.total)
    seen = server.look()
    assert kinds(seen) == [(Difference.WALLET_KEPT, Decimal(0))]
    assert findings(seen)[0].evidence.startswith("8 of 8 NNET are there")


def test_an_empty_wallet_can_not_be_lost() -> None:
    server = paid(8)
    server.send(8)
    server.look()
    server.forget(0)
    server.pay(1)
    assert kinds(server.look()) == []


def test_a_restart_between_the_forgetting_and_the_next_balance_loses_neither() -> None:
    server = paid(8)
    held = StatedWallet(balance=Decimal(8), total=Decimal(8), booked=Decimal(8))
    books = Books("rig-1", SavedMiner(booked=Decimal(8), payments=1, base_total=Decimal(0), base_booked=Decimal(8)))
    server.books, server.wallet = books, Wallet(books, held, forgotten=True)
    server.total, server.balance = Decimal(0), Decimal(8)
    server.pay(1)
    assert kinds(server.look()) == [(Difference.WALLET_KEPT, Decimal(0))]
