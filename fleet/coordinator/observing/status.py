"""Makes the farm's snapshot once a second from the loop's events, and passes it to the publisher.

One file: all figures of a snapshot are taken from the farm here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from config.hiding import hidden
from fleet.broker.result_signatures import SignatureCounts
from fleet.broker.results import BrokerState
from fleet.control.control import Control
from fleet.coordinator.farms import AnyBooks, AnyFarm, advice_of, by_server, expected
from fleet.coordinator.inbox import Event, Network
from fleet.coordinator.observers import EndedAttempt
from fleet.coordinator.observing.checked_hosts import with_checks
from fleet.coordinator.observing.health import HealthObserver
from fleet.coordinator.observing.server_rows import ServerRows, requests_of
from fleet.coordinator.pending import TurnEffects
from fleet.domain.amounts import ZERO
from fleet.domain.answers import GasInfo, NetworkPhase
from fleet.domain.effects import Booked, Found, JobMoved, JobOpened, JobRecovered, NoticeKind
from fleet.miner.miner import Miner
from fleet.money.readable import reading_order
from fleet.status.collected import Collected
from fleet.status.fresh import Fresh
from fleet.status.projection import projected
from fleet.status.publisher import Wanted
from fleet.status.snapshot import Earnings, FarmSnapshot, LedgerFigures, MinerFigures, Queue, SignatureFigures
from tasks.host.host_names import host_of

#: seconds between two snapshots
EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Which farm a snapshot is of."""

    server: str
    simulated: bool
    release: str
    #: miner id → name
    names: Mapping[str, str]
    #: since when the sums of the last minutes count, in monotonic seconds
    counts_since: float


@dataclass(frozen=True, slots=True)
class InRedis:
    """Figures that Redis holds, as of the last look; each is None while Redis does not answer."""

    #: how many messages each queue holds
    messages: Callable[[], Mapping[str, int] | None]
    #: how many processes of each host are free, by the workers' own statements
    free_slots: Callable[[], Mapping[str, int] | None]
    #: how many are busy
    busy_slots: Callable[[], Mapping[str, int] | None]
    #: for how many seconds its processes were idle while jobs waited, since the coordinator's start
    idle_s: Callable[[], Mapping[str, float]] = dict
    #: results that were not signed by the host that they name, by that host
    signatures: Callable[[], Mapping[str, SignatureCounts]] = dict


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Sources of the figures that no event contains."""

    books: AnyBooks
    health: HealthObserver
    servers: ServerRows
    in_redis: InRedis
    now_ms: Callable[[], int]
    #: the controls in force
    controls: Callable[[], Iterable[Control]] = tuple


class StatusObserver:
    """Collects figures from the loop's events; `put` receives a snapshot every second."""

    def __init__(
        self,
        subject: Subject,
        collected: Collected,
        wanted: Wanted,
        put: Callable[[FarmSnapshot], None],
        sources: Sources,
        now: float,
    ) -> None:
        self._subject, self._collected, self._wanted, self._put = subject, collected, wanted, put
        self._books, self._health, self._in_redis = sources.books, sources.health, sources.in_redis
        self._servers, self._now_ms, self._controls = sources.servers, sources.now_ms, sources.controls
        self._started_ms = sources.now_ms()
        self._due_at = now
        #: what happened since the last snapshot
        self._fresh = Fresh()
        self._gas: GasInfo | None = None
        self._phase: NetworkPhase | None = None
        #: name, miner and server of each miner
        self._order: list[tuple[str, Miner, str]] = []
        #: the newest snapshot; None before the first
        self.latest: FarmSnapshot | None = None

    def saw(self, events: Sequence[Event]) -> None:
        """Keep what the server stated of its network, and whether Redis answers."""
        for event in events:
            if isinstance(event, Network):
                self._gas, self._phase = event.gas, event.phase
            elif isinstance(event, BrokerState):
                self._health.saw(event)

    def ended(self, attempts: Sequence[EndedAttempt], server: str, now: float) -> None:  # noqa: ARG002
        """Count what workers computed, and what they failed."""
        for job_type, message in attempts:
            self._fresh.ended(job_type, message, now)

    def committed(self, effects: TurnEffects, now: float) -> None:
        """Count what was written to the ledger."""
        for write in effects.writes:
            if isinstance(write, Booked):
                self._fresh.booked(write.entry, now)
            elif isinstance(write, JobMoved):
                self._wanted.lost += write.loss is not None
            elif isinstance(write, Found):
                self._health.found(write, now)
            elif isinstance(write, JobRecovered) or (isinstance(write, JobOpened) and write.reopened):
                self._wanted.taken_back += 1
                self._wanted.lost += 1
        for notice in effects.notices:
            if notice.kind is NoticeKind.LOST_JOB and notice.miner_id in self._subject.names:
                miner = self._subject.names[notice.miner_id]
                self._collected.lost(miner)
                self._health.lost(miner)

    def tick(self, farm: AnyFarm, now: float) -> None:
        """Make a snapshot if one is due."""
        if now >= self._due_at:
            self._due_at = now + EVERY_S
            self.latest = self._made(farm, now)
            self._put(self.latest)

    def miners_changed(self, miners: Sequence[Miner]) -> None:
        """Miners are new or have another name. What the ledger holds of them already is not counted again."""
        for miner in miners:
            self._collected.know(self._subject.names[miner.spec.miner_id], miner.account.booked)
        self._order = []

    def close(self, farm: AnyFarm, now: float) -> None:
        """Make the last snapshot, which says that the coordinator has ended."""
        self.latest = replace(self._made(farm, now), state="ended", wrong=())
        self._put(self.latest)

    def _bring_up_to_date(self, now: float, now_ms: int) -> None:
        """Count what happened since the last snapshot, and drop what is too old."""
        self._learn(now, now_ms)
        self._collected.refresh(now, now_ms)
        self._correct_day(now)

    def _learn(self, now: float, now_ms: int) -> None:
        fresh, self._fresh = self._fresh, Fresh()
        names, collected = self._subject.names, self._collected
        for (job_type, worker), attempts in fresh.attempts.items():
            computed, kernel_ms = len(attempts.kernel_ms), sum(attempts.kernel_ms)
            for tally, name in ((collected.types, job_type), (collected.hosts, host_of(worker))):
                tally.ended(
                    hidden(name),
                    computed=computed,
                    failed=attempts.failed,
                    kernel_ms=kernel_ms,
                    now=now,
                    now_ms=now_ms,
                )
        for miner_id, paid in fresh.by_miner.items():
            collected.paid(names.get(miner_id) or hidden(miner_id), paid, now_ms)
        for (job_type, worker), paid in fresh.by_work.items():
            host = hidden(host_of(worker)) if paid.jobs else ""
            collected.earned(hidden(job_type), host, paid.jobs, paid.amount, paid.last_at)
        self._health.learn(fresh)

    def _made(self, farm: AnyFarm, now: float) -> FarmSnapshot:
        subject, collected, wanted, now_ms = self._subject, self._collected, self._wanted, self._now_ms()
        self._bring_up_to_date(now, now_ms)
        rows, sessions = self._miners(farm, now)
        commits, controls = self._books.times(), tuple(self._controls())
        requests, servers = requests_of(farm, now), self._servers.rows(now, now_ms)
        free, busy = map(_by_shown_name, (self._in_redis.free_slots(), self._in_redis.busy_slots()))
        idle_s = {hidden(host): seconds for host, seconds in self._in_redis.idle_s().items()}
        unexplained, hosts = sum((row.unexplained for row in rows), ZERO), collected.hosts.rows(now, free, busy, idle_s)
        signatures = self._in_redis.signatures()
        self._health.signatures(signatures, now)
        return FarmSnapshot(
            at_ms=now_ms,
            started_ms=self._started_ms,
            release=subject.release,
            server=subject.server,
            simulated=subject.simulated,
            state="draining" if farm.draining else "mining",
            earnings=self._earnings(farm, now, now_ms),
            miners=rows,
            sessions=sessions,
            types=collected.types.rows(now),
            hosts=with_checks(hosts, farm.workers.auditor),
            requests=requests,
            queue=self._queue(farm, now),
            losses=wanted.losses,
            ledger=LedgerFigures(
                commit_median_ms=commits.median_ms, commit_worst_ms=commits.worst_ms, unexplained=unexplained
            ),
            gas=None if self._gas is None else asdict(self._gas),
            phase=None if self._phase is None else asdict(self._phase),
            wrong=self._health.wrong(farm, rows, (free, hosts), now, now_ms, controls),
            servers=servers,
            controls=controls,
            advice=advice_of(farm),
            signatures=_signatures(signatures),
        )

    def _queue(self, farm: AnyFarm, now: float) -> Queue:
        oldest, lengths = farm.jobs.oldest_ordered_at, self._in_redis.messages()
        return Queue(
            messages=None if lengths is None else sum(lengths.values()),
            by_queue=lengths or {},
            open_jobs=len(farm.jobs),
            at_workers=farm.jobs.at_workers,
            oldest_s=None if oldest is None else max(now - oldest, 0.0),
        )

    def _correct_day(self, now: float) -> None:
        """Request the ledger's sums of the day that is over, and correct its figures by them."""
        wanted, day = self._wanted, self._collected.days.uncorrected
        if day is not None and day in wanted.days:
            self._collected.correct(day, wanted.days[day])
            wanted.day = None
        elif day != wanted.day:
            wanted.day_since, wanted.day = now, day

    def _miners(self, farm: AnyFarm, now: float) -> tuple[tuple[MinerFigures, ...], Counter[str]]:
        """The rows of all miners that earn or earned, in reading order, and the number of all miners by state."""
        if not self._order:
            named = (
                (self._subject.names[miner_id], miner, server)
                for server, one in by_server(farm).items()
                for miner_id, miner in one.miners.items()
            )
            self._order = sorted(named, key=lambda one: reading_order(one[0]))
        rows, sessions, row_of, removed = [], Counter[str](), self._collected.row, farm.removed
        held = (one.workers.waiting_for_type for one in by_server(farm).values())
        waiting = {miner_id: hidden(job_type) for one in held for miner_id, job_type in one.items()}
        for name, miner, server in self._order:
            state = _state(miner, now)
            if state == "closed" and miner.spec.miner_id in removed:
                continue
            sessions[state] += 1
            row = row_of(name, state, miner.account.unexplained, server, waiting.get(miner.spec.miner_id, ""))
            if state != "closed" or row.ledger:
                rows.append(row)
        return tuple(rows), sessions

    def _earnings(self, farm: AnyFarm, now: float, now_ms: int) -> Earnings:
        collected = self._collected
        number, amount = collected.recent.total
        recent_s = collected.recent.span_s(self._subject.counts_since, now)
        days, today, income = collected.days, collected.days.today, expected(farm, now)
        return Earnings(
            recent=amount,
            recent_s=recent_s,
            today=today,
            yesterday=days.yesterday,
            time_zone=days.calendar.name,
            projected=projected(
                today, days.rest_s(now_ms), expected=income, recent=(number, amount), recent_s=recent_s
            ),
            ledger=collected.total,
            last_paid_ms=collected.last_paid_ms,
        )


def _state(miner: Miner, now: float) -> str:
    if miner.paused and (not miner.done or miner.has_books or miner.account.booked):
        return "paused"
    if now < miner.waits_until and not miner.done:
        return "waiting"
    return "closed" if miner.done else miner.phase.value


def _signatures(counts: Mapping[str, SignatureCounts]) -> tuple[SignatureFigures, ...]:
    return tuple(
        SignatureFigures(
            host=hidden(host), wrong=one.wrong, foreign=one.foreign, unsigned=one.unsigned, accepted=one.accepted
        )
        for host, one in sorted(counts.items())
    )


def _by_shown_name(stated: Mapping[str, int] | None) -> dict[str, int] | None:
    """What hosts stated, by the names that they are shown under."""
    return None if stated is None else {hidden(host): number for host, number in stated.items()}
