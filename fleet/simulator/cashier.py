"""Pays miners: exactly in the book, as floats in the server's own totals."""

from __future__ import annotations

from decimal import Decimal

from fleet.simulator.book import Book, PaymentKind
from fleet.simulator.records import Contributor, JobRecord, SessionRecord
from fleet.simulator.wallets import Wallets


class Cashier:
    """The server's totals, the wallets, and every payment.

    The totals are float sums in the order of the payments, as the real servers keep them. The book survives forgetting,
    and so do saved balances.
    """

    def __init__(self, book: Book, wallets: Wallets) -> None:
        self._book = book
        self.wallets = wallets
        self._clear()

    def _clear(self) -> None:
        #: jobs and NNET in the network's figures; release a crashes before it counts a submission
        self.tasks_completed = 0
        self.rewards_distributed = 0.0

    def forget(self) -> None:
        """Forget the totals and unsaved balances, but keep the book."""
        self._clear()
        self.wallets.restore()

    def pay_job(self, contributor: Contributor, job: JobRecord, now: float) -> None:
        """Pay an accepted job to its submitter."""
        contributor.total_tasks += 1
        self._credit(contributor, job.reward)
        amount = Decimal(repr(job.reward))
        name = contributor.contributor_id
        self._book.pay(name, PaymentKind.JOB, amount, at=now, job=job.number, job_type=job.job_type)

    def count(self, session: SessionRecord | None, tasks: int, reward: float) -> None:
        """Count tasks and NNET for the network, and for the session where there is one."""
        self.tasks_completed += tasks
        self.rewards_distributed += reward
        if session is not None:
            session.tasks_completed += tasks
            session.rewards_earned += reward

    def pay_bonus(self, contributor: Contributor, session: SessionRecord, tasks: int, bonus: float, now: float) -> None:
        """Pay for `tasks` jobs that a heartbeat reported and that were not counted before."""
        before = Decimal(repr(session.rewards_earned))
        self.count(session, tasks, bonus)
        contributor.total_tasks += tasks
        self._credit(contributor, bonus)
        # The answer states only the session's sum, so the payment is the difference between two such sums.
        paid = Decimal(repr(session.rewards_earned)) - before
        self._book.pay(contributor.contributor_id, PaymentKind.HEARTBEAT, paid, at=now)

    def pay_beat(self, contributor: Contributor, session: SessionRecord, reward: float, now: float) -> None:
        """Pay the stated reward for a heartbeat."""
        self.count(session, 0, reward)
        self._credit(contributor, reward)
        self._book.pay(contributor.contributor_id, PaymentKind.HEARTBEAT, Decimal(repr(reward)), at=now)

    def _credit(self, contributor: Contributor, amount: float) -> None:
        contributor.total_rewards += amount
        self.wallets.pay(contributor.contributor_id, amount)
