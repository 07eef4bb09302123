"""Books what heartbeats paid: the amount stated in an answer, or what the session's sum proves. Pure."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from fleet.domain.amounts import BY_SESSION_SUM, ZERO, EntryKind
from fleet.domain.answers import HeartbeatAnswer, SessionSummary
from fleet.domain.effects import Confirmed, Effect, HabitSeen, NoticeKind, SessionBeat
from fleet.domain.proof import Exchange, Proof
from fleet.domain.saved_state import Habit
from fleet.money.books import Books
from fleet.money.session_sum import Rise
from fleet.money.unproved import Claims
from fleet.server.numbers import MAX_REWARD

_NO_EXCHANGE = Exchange()


class SessionPay:
    """Books the heartbeats of one miner's sessions.

    A sum that is stated while submissions are unresolved may or may not count them. It is held until the last of them
    is resolved, and then compared.
    """

    def __init__(self, books: Books, claims: Claims) -> None:
        self._books = books
        self._claims = claims
        #: proof of the answer whose sum is held
        self._held = Proof()
        #: whether heartbeats are paid by the session's sum, as far as their answers show
        self._by_sum = claims.counts_reports

    def heartbeat(self, answer: HeartbeatAnswer, exchange: Exchange, waiting: Collection[str] | None) -> list[Effect]:
        """Book what an answered heartbeat paid. `waiting` names the unresolved jobs, None if there are none."""
        books, proof = self._books, Proof(exchange=exchange)
        self._claims.beat()
        if answer.total_rewards is not None:
            books.stated_total = answer.total_rewards
        if answer.reward is not None or answer.rewards_earned is None:
            books.sum.learn(None)
            self._by_sum = False
            income = self._income(answer.reward or ZERO, "reward in the heartbeat's answer", proof)
            return [*income, self._beat(counted=True)]
        self._by_sum = True
        if waiting is not None:
            self._claims.beat_unanswered()
            books.sum.hold(answer.rewards_earned, waiting)
            self._held = proof
            return [self._beat(counted=False)]
        return [*self._weigh(answer.rewards_earned, proof), self._beat(counted=True)]

    def resolved(self, job_id: str) -> list[Effect]:
        """Record that a job is resolved. If it was the last that the held sum waited for, book what the sum proves."""
        rise = self._books.sum.resolved(job_id, self._books.payments)
        return [] if rise is None else self._explain(rise, self._held)

    def stopped(self, summary: SessionSummary, exchange: Exchange = _NO_EXCHANGE) -> list[Effect]:
        """Book what the sum at a session's end proves beyond the last one; nothing if heartbeats state no sum.

        If heartbeats state their own rewards, the final sum may count a lost reward beside an unanswered job, and can't
        tell the two apart.
        """
        stated, books = summary.rewards_earned, self._books
        if stated is None or books.sum.offset is None or not self._by_sum:
            return []
        rise = books.sum.weigh(stated, books.payments)
        return [] if rise is None or rise.income.shortfall else self._explain(rise, Proof(exchange=exchange))

    def _weigh(self, stated: Decimal, proof: Proof) -> list[Effect]:
        rise = self._books.sum.weigh(stated, self._books.payments)
        if rise is None:
            # any reward of this heartbeat is in the sum, and shows in the next total
            self._claims.sum_learnt()
            return []
        return self._explain(rise, proof)

    def _explain(self, rise: Rise, proof: Proof) -> list[Effect]:
        reward = rise.income.reward
        believed = reward <= MAX_REWARD
        effects: list[Effect] = []
        if rise.income.shortfall:
            self._claims.sum_learnt()
            words = f"the server counts {rise.income.shortfall} NNET less for the session"
            effects.append(self._books.notice(NoticeKind.ANOMALY, words))
        elif self._claims.sum_weighed(reward if believed else ZERO):
            effects.append(HabitSeen(habit=Habit.PAYS_REPORTED_JOBS))
        if rise.proved:
            job_ids = tuple(job_id for job_id, _ in rise.proved)
            self._claims.proved(job_ids)
            effects.append(Confirmed(job_ids=job_ids))
        if believed:
            return [*effects, *self._income(reward, BY_SESSION_SUM, proof)]
        words = f"rewards_earned rose by {reward} NNET beyond the session's jobs, which is not believed"
        return [*effects, self._books.notice(NoticeKind.ANOMALY, words)]

    def _beat(self, *, counted: bool) -> SessionBeat:
        """The row of an answered heartbeat. `counted` is True if no later sum has to count the payments before it."""
        books = self._books
        return SessionBeat(
            miner_id=books.miner_id, session_id=books.session_id, offset=books.sum.offset, counted=counted
        )

    def _income(self, amount: Decimal, evidence: str, proof: Proof) -> list[Effect]:
        if not amount:
            return []
        return [
            self._books.book(EntryKind.HEARTBEAT, amount, True, evidence, proof=proof),
            self._books.notice(NoticeKind.INCOME, "heartbeat", amount),
        ]
