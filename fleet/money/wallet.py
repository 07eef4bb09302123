"""The wallet of one miner: what the server says it holds, and money that left it. Pure.

An answer that states both figures shows what left the wallet: whatever is paid raises the total and the balance alike,
so only money that is sent or received changes their difference. No answer says who sent it.
"""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.causes import Difference
from fleet.domain.effects import BalanceSeen, Effect, Found, NoticeKind
from fleet.domain.jobs import Finding
from fleet.domain.wallets import StatedWallet
from fleet.money.books import Books
from fleet.money.float_sums import rounding
from fleet.money.readable import readable

_WHO = "if you did not send it, somebody else knows the miner's id"
#: without amounts, so that the output sums up the lines of a farm
_LOST = "the server forgot its totals and lost this wallet's money; fleet reconcile shows how much"
_KEPT = "the server forgot its totals and kept this wallet; fleet reconcile shows what is in it"


class Wallet:
    """Follows the balances that a server states for one miner. Amounts are exact NNET.

    Its weakness: money that arrives and leaves between two stated balances is not noticed.
    """

    def __init__(self, books: Books, known: StatedWallet | None, *, forgotten: bool = False) -> None:
        """`known` is the ledger's last balance; `forgotten` is True if the server has forgotten its totals since."""
        self._books = books
        self._held = known
        #: NNET booked when the server forgot its totals, None unless no balance was seen since
        self._booked_at_loss = books.base_booked if forgotten and known is not None else None
        #: whether to compare the balance of the next receipt
        self._due = True

    @property
    def balance(self) -> Decimal:
        """The last balance that the server stated; zero if it stated none."""
        return ZERO if self._held is None else self._held.balance

    def beat(self) -> None:
        """Compare the balance of the next receipt: one in each heartbeat interval is enough, and saves rows."""
        self._due = True

    def receipt(self, balance: Decimal | None, total: Decimal | None) -> list[Effect]:
        """Process the balance in the answer to an accepted submission, after its reward was booked."""
        return self.stated(balance, total) if self._due else []

    def forgotten(self) -> None:
        """Record that the server forgot its totals: its next balance shows whether it kept the wallet."""
        if self._held is not None:
            self._booked_at_loss = self._books.booked

    def stated(self, balance: Decimal | None, total: Decimal | None) -> list[Effect]:
        """Compare a stated balance with the one before.

        An answer without a total is ignored if other answers state both, since it proves nothing. So is an answer with
        a lower total than before: it is older, or the server forgot its totals, which `forgotten` records.
        """
        held, lost_at = self._held, self._booked_at_loss
        if balance is None or (held is not None and held.total is not None and total is None):
            return []
        if held is None or held.total is None or total is None:
            shown: list[Effect] = []
        elif lost_at is not None:
            shown = self._after_loss(held, lost_at, balance, total)
        elif total < held.total - self._rounding(total):
            return []
        else:
            shown = self._departure((total - balance) - (held.total - held.balance), balance, total)
        self._due, self._booked_at_loss = False, None
        self._held = StatedWallet(balance=balance, total=total, booked=self._books.booked)
        return [*shown, BalanceSeen(miner_id=self._books.miner_id, wallet=self._held)]

    def _departure(self, left: Decimal, balance: Decimal, total: Decimal) -> list[Effect]:
        """The effects of money having left the wallet; none if the amount is within rounding."""
        if left <= 2 * self._rounding(max(balance, total)):
            return []
        words = f"{readable(left)} NNET left the wallet, which holds {readable(balance)} now; {_WHO}"
        found = self._found(Difference.SENT, -left, f"the wallet holds {readable(balance)} NNET now")
        return [found, self._books.notice(NoticeKind.WALLET, words, -left)]

    def _after_loss(self, held: StatedWallet, lost_at: Decimal, balance: Decimal, total: Decimal) -> list[Effect]:
        """Determine whether a server that forgot its totals kept the wallet or lost it too.

        Balances are saved now and then (docs/protocol-notes.md, 13), so that a kept wallet lacks what came after the
        save. Money that was sent meanwhile looks the same.
        """
        before = held.balance + lost_at - held.booked
        paid_since = total - (self._books.base_total or ZERO)
        kept = min(max(balance - paid_since, ZERO), before)
        lost, least = before - kept, 2 * self._rounding(max(before, balance))
        if before <= least:
            return []
        if kept <= least:
            words = f"it held {readable(before)} NNET when the server forgot its totals"
            alert = self._books.notice(NoticeKind.WALLET, _LOST)
            return [self._found(Difference.WALLET_LOST, -before, words), alert]
        words = f"{readable(kept)} of {readable(before)} NNET are there after the server forgot its totals"
        if lost > least:
            words += f"; {readable(lost)} were not saved, or left it meanwhile"
        amount = -lost if lost > least else ZERO
        return [self._found(Difference.WALLET_KEPT, amount, words), self._books.notice(NoticeKind.WALLET, _KEPT)]

    def _rounding(self, amount: Decimal) -> Decimal:
        return rounding(amount, self._books.payments)

    def _found(self, kind: Difference, amount: Decimal, evidence: str) -> Found:
        return Found(miner_id=self._books.miner_id, finding=Finding(kind=kind, amount=amount, evidence=evidence))
