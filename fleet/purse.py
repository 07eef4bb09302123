"""The money of one miner: what is booked, what the server states, and what the difference proves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from fleet.effects import BaseSet, Booked, Confirmed, Effect, Notice, NoticeKind
from fleet.income import heartbeat_income, same
from fleet.models import ZERO, Account, Entry, EntryKind, HeartbeatAnswer, Job, OpenSession, Registration


class Purse:
    """Books payments of one miner. Amounts are exact NNET; a server's sums are floats and compared as such."""

    def __init__(self, miner_id: str, account: Account) -> None:
        self._miner_id = miner_id
        #: all that is booked for this miner at this server
        self.booked = account.booked
        self.payments = account.payments
        #: the server's total that differences are counted from, and what was booked then
        self.base_total = account.base_total
        self.base_booked = account.base_booked
        #: the last total that the server stated
        self.stated_total: Decimal | None = None
        self.session_offset: Decimal | None = None
        self._session_id = ""
        self._confirmed = ZERO
        self._unconfirmed: list[tuple[str, Decimal]] = []

    @property
    def since_base(self) -> Decimal:
        """What the ledger booked since the server's total was first seen."""
        return self.booked - self.base_booked

    @property
    def server_total(self) -> Decimal | None:
        """What the server says it paid in the same time; None where it states no total."""
        if self.stated_total is None or self.base_total is None:
            return None
        return self.stated_total - self.base_total

    @property
    def difference(self) -> Decimal | None:
        """Server less ledger; exactly zero when they differ by no more than the server's float sum can lose."""
        server = self.server_total
        if server is None:
            return None
        return ZERO if self._agrees() else server - self.since_base

    def registered(self, registration: Registration, *, unsettled: bool) -> list[Effect]:
        """A new contributor has no past; a known one states its total, which says nothing while work is unsettled."""
        if registration.new:
            return [self._rebase(ZERO)]
        if registration.total_rewards is None or unsettled:
            return []
        return self.settle(registration.total_rewards)

    def session_opened(self, session_id: str, known: OpenSession | None, *, adopted: bool) -> None:
        """Sums stated for a session count from its start: zero for a new one, as the ledger has it for a known one."""
        self._session_id = session_id
        self._confirmed = known.confirmed if known else ZERO
        self._unconfirmed = list(known.unconfirmed) if known else []
        if known is not None:
            self.session_offset = known.offset
        else:
            self.session_offset = None if adopted else ZERO

    def job_paid(
        self, job: Job, amount: Decimal, confirmed: bool, stated_total: Decimal | None, *, again: bool
    ) -> Booked:
        """Book a job's reward; `again` when this ledger holds a payment for it already."""
        if confirmed:
            self._confirmed += amount
        else:
            self._unconfirmed.append((job.job_id, amount))
        if stated_total is not None:
            self.stated_total = stated_total
        kind, evidence = EntryKind.JOB, "" if confirmed else "Task already completed"
        if again:
            kind, evidence = EntryKind.ADJUSTMENT, f"the server paid job {job.job_id} again"
        return self._book(kind, amount, confirmed, evidence, job)

    def heartbeat(self, answer: HeartbeatAnswer) -> list[Effect]:
        """Book what a heartbeat brought, by the amount that its answer names or by the session's sum."""
        if answer.total_rewards is not None:
            self.stated_total = answer.total_rewards
        if answer.reward is not None:
            return self._income(answer.reward, "reward in the heartbeat's answer")
        if answer.rewards_earned is None:
            return []
        if self.session_offset is None:
            self.session_offset = answer.rewards_earned - self._confirmed
            return []
        return self._session_sum(answer.rewards_earned - self.session_offset)

    def settle(self, total: Decimal) -> list[Effect]:
        """The server states its total while nothing is under way: whatever it paid beside what is booked is proved."""
        self.stated_total = total
        if self.base_total is None:
            return [self._rebase(total)]
        if self._agrees():
            return []
        missing = total - self.base_total - self.since_base
        if missing < 0 and -missing > sum((amount for _, amount in self._unconfirmed), ZERO):
            return [self._rebase(total), self._notice(NoticeKind.ANOMALY, f"the server's total fell to {total} NNET")]
        evidence = f"the server states {total} NNET since {self.base_total}, booked were {self.since_base}"
        return [
            self._book(EntryKind.ADJUSTMENT, missing, True, evidence),
            self._notice(NoticeKind.INCOME, f"adjusted: {evidence}", missing),
        ]

    def _session_sum(self, stated: Decimal) -> list[Effect]:
        income = heartbeat_income(
            stated=stated,
            confirmed=self._confirmed,
            unconfirmed=[amount for _, amount in self._unconfirmed],
            payments=self.payments,
        )
        effects: list[Effect] = []
        if income.confirmed:
            effects.append(self._confirm([self._unconfirmed[i] for i in income.confirmed]))
        # what this sum did not count is counted by no later one
        self._unconfirmed = []
        if income.shortfall:
            self.session_offset = (self.session_offset or ZERO) - income.shortfall
            effects.append(
                self._notice(NoticeKind.ANOMALY, f"the server counts {income.shortfall} NNET less for the session")
            )
        if income.reward:
            effects += self._income(income.reward, "rewards_earned of the session rose beyond its jobs")
        return effects

    def _confirm(self, payments: Sequence[tuple[str, Decimal]]) -> Confirmed:
        self._confirmed += sum((amount for _, amount in payments), ZERO)
        return Confirmed(job_ids=tuple(job_id for job_id, _ in payments))

    def _income(self, amount: Decimal, evidence: str) -> list[Effect]:
        if not amount:
            return []
        self._confirmed += amount
        return [
            self._book(EntryKind.HEARTBEAT, amount, True, evidence),
            self._notice(NoticeKind.INCOME, "heartbeat", amount),
        ]

    def _agrees(self) -> bool:
        if self.stated_total is None or self.base_total is None:
            return False
        return same(self.stated_total, self.base_total + self.since_base, self.payments)

    def _rebase(self, total: Decimal) -> BaseSet:
        self.stated_total = self.base_total = total
        self.base_booked = self.booked
        return BaseSet(miner_id=self._miner_id, total=total, booked=self.booked)

    def _book(self, kind: EntryKind, amount: Decimal, confirmed: bool, evidence: str, job: Job | None = None) -> Booked:
        self.booked += amount
        self.payments += 1
        return Booked(
            entry=Entry(
                miner_id=self._miner_id,
                kind=kind,
                amount=amount,
                confirmed=confirmed,
                session_id=self._session_id,
                job_id=job.job_id if job and kind is EntryKind.JOB else None,
                job_type=job.job_type if job else "",
                evidence=evidence,
            )
        )

    def _notice(self, kind: NoticeKind, text: str, amount: Decimal | None = None) -> Notice:
        return Notice(kind=kind, miner_id=self._miner_id, text=text, amount=amount, total=self.booked)
