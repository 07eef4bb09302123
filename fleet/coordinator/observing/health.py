"""Feeds the farm's health with what the coordinator's loop sees, and gathers the facts that no event contains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from config.hiding import hidden
from config.settings import Settings
from fleet.broker.result_signatures import SignatureCounts
from fleet.broker.results import BrokerState
from fleet.control.control import Control, TargetKind
from fleet.control.stated import subject_of
from fleet.coordinator.declared import claimed, largest, overstated
from fleet.coordinator.farms import AnyBooks, AnyFarm, count
from fleet.coordinator.observing.checked_hosts import distrusted
from fleet.coordinator.observing.server_rows import Account
from fleet.coordinator.observing.surroundings_watch import SurroundingsWatch
from fleet.domain.amounts import ZERO
from fleet.domain.causes import Difference
from fleet.domain.effects import Found
from fleet.health.farm import Facts
from fleet.health.servers import ServerFacts, ServerIncome
from fleet.health.symptom import FARM, miner_subject
from fleet.health.watch import FarmHealth
from fleet.status.fresh import Fresh
from fleet.status.snapshot import MinerFigures, WorkRow, Wrong
from tasks.host.host_names import host_of

#: what a control is on, beside miners, that may stop a part of the farm from earning
_PARTS = frozenset({TargetKind.HOST, TargetKind.JOB_TYPE, TargetKind.SERVER})


class HealthObserver:
    """Says what is wrong, once a second. Times are monotonic seconds."""

    def __init__(
        self,
        health: FarmHealth,
        accounts: Sequence[Account],
        names: Mapping[str, str],
        books: AnyBooks,
        surroundings: SurroundingsWatch,
        time_limit_s: float,
        now: float,
    ) -> None:
        """`names` maps a miner's id to its name; a kernel may take `time_limit_s`."""
        #: the hardware that the settings have miners register
        self.claims: frozenset[tuple[int, int]] = frozenset()
        self._health, self._accounts, self._names = health, accounts, names
        self._books, self._surroundings, self._time_limit_s = books, surroundings, time_limit_s
        self._incomes = [ServerIncome(now) for _ in accounts]
        self._began = self._paid_at = self._result_at = now
        #: since when jobs are at workers that take jobs; None while none are
        self._busy_since: float | None = None
        self._redis = ""

    def close(self) -> None:
        """Look no more at the disk and the certificates."""
        self._surroundings.close()

    def reloaded(self, settings: Settings) -> None:
        """Compare what these settings have miners register with what the hosts have."""
        self.claims = claimed(settings)

    def saw(self, state: BrokerState) -> None:
        """Redis was lost or found."""
        self._redis = "" if state.reachable else state.reason

    def signatures(self, counts: Mapping[str, SignatureCounts], now: float) -> None:
        """Results that were not signed by the host that they name, by that host."""
        self._health.signatures.seen({hidden(host): one for host, one in counts.items()}, now)

    def learn(self, fresh: Fresh) -> None:
        """Count what happened in the last second: attempts that ended, and payments."""
        for (job_type, worker), attempts in fresh.attempts.items():
            self._result_at = max(self._result_at, attempts.last_at)
            self._health.hosts.ended(hidden(host_of(worker)), hidden(job_type), attempts)
        for miner_id, payments in fresh.by_miner.items():
            self._paid_at = max(self._paid_at, payments.last_at)
            if payments.jobs and miner_id in self._names:
                self._health.paid(self._names[miner_id], payments)
            for account, income in zip(self._accounts, self._incomes, strict=True):
                if miner_id in account.farm.miners:
                    income.paid(float(payments.job_amount))
        for (_, worker), payments in fresh.by_work.items():
            if payments.jobs:
                self._health.hosts.paid(hidden(host_of(worker)), payments)

    def found(self, write: Found, now: float) -> None:
        """A difference from the server's total was explained: money that left a wallet is worth knowing."""
        if write.finding.kind is Difference.SENT and write.miner_id in self._names:
            self._health.miners.left_wallet(self._names[write.miner_id], -write.finding.amount, now)

    def lost(self, miner: str) -> None:
        """A job of `miner` ended without a payment."""
        self._health.lost(miner)

    def wrong(
        self,
        farm: AnyFarm,
        rows: tuple[MinerFigures, ...],
        of_hosts: tuple[Collection[str] | None, Sequence[WorkRow]],
        now: float,
        now_ms: int,
        controls: Iterable[Control] = (),
    ) -> tuple[Wrong, ...]:
        """What is wrong now; `of_hosts` are the hosts whose workers give signs of life, None while that is unknown, and
        the rows of all hosts.
        """
        online, hosts = of_hosts
        if not farm.workers.at_workers or farm.workers.absent_since is not None:
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = now
        self._health.hosts.distrusted = distrusted(farm.workers.auditor)
        free = self._surroundings.free_bytes()
        if free is not None:
            self._health.surroundings.free(free, now)
        self._health.surroundings.certificates_end = self._surroundings.certificates_end()
        unexplained = sum((row.unexplained for row in rows), ZERO)
        facts = self._facts(farm, unexplained, now)
        down = (account for account, one in zip(self._accounts, facts.servers, strict=True) if one.down)
        excused = {self._names.get(miner_id, "") for account in down for miner_id in account.farm.miners}
        waiting = (miner_id for account in self._accounts for miner_id in account.farm.workers.waiting_for_type)
        excused |= {self._names.get(miner_id, "") for miner_id in waiting}
        resting, paused = {row.name for row in hosts if row.rests}, _paused(rows, controls)
        return self._health.wrong(facts, rows, online, now, now_ms, excused=excused, paused=paused, resting=resting)

    def _facts(self, farm: AnyFarm, unexplained: Decimal, now: float) -> Facts:
        absent_since, busy = farm.workers.absent_since, self._busy_since
        return Facts(
            servers=tuple(_server_facts(*one, now) for one in zip(self._accounts, self._incomes, strict=True)),
            without_worker_s=None if absent_since is None else now - max(absent_since, self._began),
            workers_pause=absent_since is not None and bool(farm.workers.pausing),
            without_result_s=None if busy is None else now - max(busy, self._result_at),
            time_limit_s=self._time_limit_s,
            redis=self._redis,
            ledger=self._books.reason if self._books.waits_s else "",
            ledger_waits_s=self._books.waits_s,
            unexplained=unexplained,
            in_session=sum(miner.in_session for miner in farm.miners.values()),
            unpaid_s=now - self._paid_at,
            worth=self._health.worth,
            refused_types=farm.workers.router.routes.refused,
            overstated=overstated(self.claims, largest(farm.workers.stated.values())),
        )


def _server_facts(account: Account, income: ServerIncome, now: float) -> ServerFacts:
    farm, verdict = account.farm, account.prospect.unhealthy(now)
    facts = ServerFacts(
        name=account.name,
        ban=farm.server.banned(now),
        away=farm.server.away,
        verdict=verdict.text if verdict else "",
        unpaid_s=farm.server.unpaid_s(now),
        stands_by=farm.auto.standing_by,
        miners=count(farm),
        left_out=farm.timetable.left_out,
        limit=int(farm.governor.limit),
        used=farm.governor.used(now),
    )
    return replace(facts, worth=income.look(now, earns=not (facts.useless or facts.stands_by or farm.server.paused)))


def _paused(rows: Sequence[MinerFigures], controls: Iterable[Control]) -> frozenset[str]:
    """The subjects that are paused; the farm among them if every miner that mined is."""
    found = {subject_of(one.target) for one in controls if one.target.kind in _PARTS}
    found |= {miner_subject(row.name) for row in rows if row.state == "paused"}
    mines = any(row.state not in {"paused", "closed"} for row in rows)
    return frozenset(found if mines or not found else {*found, FARM})
