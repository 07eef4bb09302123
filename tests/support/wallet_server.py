"""A server that pays into a wallet from which money leaves, and what the books make of it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fleet.domain.amounts import EntryKind
from fleet.domain.causes import Difference
from fleet.domain.effects import BalanceSeen, Effect, Found, Notice, NoticeKind
from fleet.domain.jobs import Finding
from fleet.domain.saved_state import SavedMiner
from fleet.money.books import Books
from fleet.money.wallet import Wallet

Amount = str | Decimal | float


class Server:
    """A server's total and balance of one miner, and the miner's books and wallet beside them."""

    def __init__(self, total: Amount = 0, balance: Amount = 0) -> None:
        self.total, self.balance = Decimal(total), Decimal(balance)
        self.books = Books("rig-1", SavedMiner())
        self.wallet = Wallet(self.books, None)
        self.kept = self.look()

    def pay(self, amount: Amount, *, booked: bool = True) -> None:
        self.total += Decimal(amount)
        self.balance += Decimal(amount)
        if booked:
            self.books.book(EntryKind.JOB, Decimal(amount), True, "")

    def send(self, amount: Amount) -> None:
        self.balance -= Decimal(amount)

    def forget(self, balance: Amount) -> None:
        self.total, self.balance = Decimal(0), Decimal(balance)
        self.wallet.forgotten()
        self.books.rebase(Decimal(0))

    def look(self) -> list[Effect]:
        """What follows from an answer that states both figures."""
        return self.wallet.stated(self.balance, self.total)

    def restart(self) -> None:
        """The coordinator starts again with what it had written."""
        (held,) = [effect.wallet for effect in self.look() if isinstance(effect, BalanceSeen)]
        self.wallet = Wallet(self.books, held)


def findings(effects: Iterable[Effect]) -> list[Finding]:
    return [effect.finding for effect in effects if isinstance(effect, Found)]


def kinds(effects: Iterable[Effect]) -> list[tuple[Difference, Decimal]]:
    return [(one.kind, one.amount) for one in findings(effects)]


def alerts(effects: Iterable[Effect]) -> list[str]:
    return [one.text for one in effects if isinstance(one, Notice) and one.kind is NoticeKind.WALLET]
