"""The scheduler's view of the workers: whether any takes jobs, of which types, and which of them can compute. Pure.

One file: what a job's order and its result ask of the workers is answered in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from fleet.audit.auditor import Auditor
from fleet.audit.identities import Identities
from fleet.audit.screening import Screening
from fleet.broker.bundling import BundlePace
from fleet.broker.host_health import HostHealth
from fleet.broker.presence import WorkerKinds, WorkerLevels
from fleet.broker.routes import Router, unserved
from fleet.coordinator.scheduling.open_jobs import OpenJobs, TrackedJob
from fleet.domain.checks import Screened
from fleet.domain.effects import Dispatch, JobMoved
from fleet.domain.events import HoldOver, HostDistrusted, HostsLeft, ResultArrived, Unserved
from fleet.domain.jobs import AT_WORKERS
from fleet.miner.job import flaw_of
from fleet.miner.strikes import untried
from tasks.broker.stated_host import StatedHost
from tasks.host.host_names import host_of
from tasks.messages import Outcome, ResultMessage

#: why the results of such a host are not taken
_DISTRUSTED = "computed by a host that is not trusted"


class Workforce:
    """Passes jobs on to the workers, at most `most_jobs` at once. Holds them while no worker takes jobs of their type.

    Farms of several servers share the workers: the workforce of each further one stands `beside` the first one's.
    """

    def __init__(self, jobs: OpenJobs, most_jobs: int, beside: Workforce | None = None) -> None:
        self._jobs = jobs
        self._most_jobs = most_jobs
        self._pace: BundlePace = BundlePace() if beside is None else beside._pace
        self._hosts: HostHealth = HostHealth() if beside is None else beside._hosts
        #: decides which results are checked, and holds those that are not decided yet
        self.screening = Screening(Auditor() if beside is None else beside.auditor)
        #: decides which queue takes the jobs of each class
        self.router: Router = Router() if beside is None else beside.router
        #: number of the auditor's entries whose hosts the miners know to be distrusted
        self._told = 0
        #: the workers that could compute at the last turn
        self._told_able: frozenset[str] = frozenset()
        #: job types that were refused at the last turn, and the ids of jobs that were refused since
        self._refused_types: tuple[str, ...] = ()
        self._refused: list[str] = []
        #: the workforces of all servers
        self._all: list[Workforce] = [] if beside is None else beside._all
        self._all.append(self)
        #: the workers that can compute, as of the last turn or result
        self.able: frozenset[str] = frozenset()
        #: what each worker states of its host
        self.stated: Mapping[str, StatedHost] = {}
        #: since when no worker takes jobs, in monotonic seconds; None while one does
        self.absent_since: float | None = None
        #: why every worker pauses, if that is because they do; else empty
        self.pausing = ""
        #: job types that are paused
        self.paused_types: frozenset[str] = frozenset()
        #: jobs to dispatch once a worker takes them, by job id
        self._held: dict[str, Dispatch] = {}

    @property
    def auditor(self) -> Auditor:
        """The records of the hosts, which decide whose results are taken; servers share it."""
        return self.screening.auditor

    @property
    def has_room(self) -> bool:
        """Whether the workers take another job."""
        return self.absent_since is None and self.at_workers < self._most_jobs

    @property
    def at_workers(self) -> int:
        """Jobs of all servers that are at the workers, or wait for one; without those of paused types."""
        return sum(one.own_at_workers for one in self._all)

    @property
    def own_at_workers(self) -> int:
        """Jobs of this server that are at the workers, or wait for one; without those of paused types."""
        return self._jobs.at_workers - self._paused_jobs

    @property
    def waiting_for_type(self) -> dict[str, str]:
        """The ids of the miners that have a job of a paused type, with that type."""
        jobs = (self._jobs.get(job_id) for job_id in self._held)
        return {job.miner_id: job.job_type for job in jobs if job is not None and job.job_type in self.paused_types}

    @property
    def _paused_jobs(self) -> int:
        """Jobs of paused types that are held."""
        if not self.paused_types:
            return 0
        return sum(order.message.job_type in self.paused_types for order in self._held.values())

    def hear(self, stated: WorkerKinds | WorkerLevels) -> None:
        """Workers state other hosts than before, or have come or gone."""
        if isinstance(stated, WorkerKinds):
            self.auditor.identify(Identities(kinds=stated.by_worker, keys=stated.keys))
            for one in self._all:
                one.stated = stated.hosts
        else:
            self.router.live(stated.by_worker, helping=stated.helping)
            self._hosts.stated(stated.by_worker.keys())

    def look(self, now: float) -> None:
        """Update which workers can compute."""
        self.able = self.auditor.trusted(self._hosts.able(now))

    def order(self, dispatch: Dispatch, now: float) -> Dispatch | None:
        """The order as the dispatcher gets it; None while it is held, since no worker takes jobs of its type.

        None, too, for a job that is refused; its miner learns it by `news`.
        """
        message = dispatch.message
        sent_at = self._jobs.ordered(message, now)
        if self.absent_since is not None or message.job_type in self.paused_types:
            self._held[message.job_id] = dispatch
            return None
        if not self.router.routes.takes(message.job_type):
            self._refused.append(message.job_id)
            return None
        self.router.ordered(message.job_type, now)
        # if every host has failed on it, each may try again
        avoid = dispatch.avoid if untried(dispatch.avoid, self._hosts_for(message.job_type)) else ()
        return replace(
            dispatch,
            # a host that holds the job for long keeps no other one from it
            only_if_idle=dispatch.only_if_idle and not self.router.overtaken(message.job_type, sent_at),
            avoid=avoid,
            for_all=bool(avoid) and not untried(avoid, self.router.serving(self.able, message.job_type)),
            expected_ms=self._pace.expected_ms(message.job_type),
            hold_s=self._pace.hold_s(self.router.queue_of(message.job_type), self.at_workers),
        )

    @property
    def able_hosts(self) -> int:
        """The number of hosts whose workers compute."""
        return len({host_of(worker) for worker in self.able})

    def _hosts_for(self, job_type: str) -> frozenset[str]:
        """The workers that can compute and may get jobs of a type: all, unless the policy keeps it to its class."""
        return self.router.serving(self.able, job_type) if self.router.refuse else self.able

    def present(self, now: float, *, present: bool, pausing: str = "") -> list[Dispatch]:
        """Workers have come or gone, or begun to pause. Returns the orders that were held and are still wanted."""
        self.pausing = pausing
        if not present:
            self.router.paused()
            self.absent_since = now if self.absent_since is None else self.absent_since
            return []
        self.absent_since = None
        return self._released()

    def pause_types(self, job_types: Collection[str]) -> list[Dispatch]:
        """Hold jobs of these types, and no others. Returns the orders that were held and are still wanted."""
        self.paused_types = frozenset(job_types)
        return [] if self.absent_since is not None else self._released()

    def news(self, now: float) -> list[tuple[Collection[str], HostDistrusted | HostsLeft | Unserved]]:
        """Update which workers can compute. Returns events, each with the ids of its miners; none for all miners."""
        self.look(now)
        fresh, self._told = self.auditor.log[self._told :], len(self.auditor.log)
        left, self._told_able = self._told_able - self.able, self.able
        gone = [((), HostsLeft(self.able))] if left else []
        return [*(((), HostDistrusted(host)) for host in fresh), *gone, *self._unserved()]

    def decided(self) -> Iterator[tuple[str, HoldOver]]:
        """The results that are held no longer, each with the id of the miner that it is for."""
        # a list, since what follows for a miner may end other jobs that are held
        for job_id, screened in list(self.screening.due()):
            job = self._jobs.get(job_id)
            if job is not None:
                yield job.miner_id, HoldOver(job_id=job_id, screened=screened)

    def _unserved(self) -> Iterator[tuple[Collection[str], Unserved]]:
        """The jobs that are refused, and those at the workers whose type has begun to be."""
        refused, self._refused = self._refused, []
        before, self._refused_types = self._refused_types, self.router.routes.refused
        begun = set(self._refused_types) - set(before)
        sent = self._jobs.sent_of(begun) if begun and self.absent_since is None else ()
        for job_id in (*sent, *refused):
            job = self._jobs.get(job_id)
            if job is not None:
                yield (job.miner_id,), Unserved(job_id=job_id, cause=unserved(job.job_type), sent=job_id not in refused)

    def pause_hosts(self, hosts: Iterable[str]) -> None:
        """Wait for none of these hosts, which an order keeps from jobs. Hosts of earlier orders count again."""
        self._hosts.paused = frozenset(hosts)

    def _released(self) -> list[Dispatch]:
        held = {
            job_id: order for job_id, order in self._held.items() if order.message.job_type not in self.paused_types
        }
        self._held = {job_id: order for job_id, order in self._held.items() if job_id not in held}
        wanted = ((self._jobs.get(job_id), order) for job_id, order in held.items())
        return [order for job, order in wanted if job is not None and job.waits_for(order.message)]

    def moved(self, effect: JobMoved) -> TrackedJob | None:
        """A job changed its state. Returns the job if the new state is final, which ends it."""
        if effect.state not in AT_WORKERS:
            self.screening.over(effect.job_id)
        ended = self._jobs.moved(effect)
        if ended is not None:
            # its order need not be held any longer
            self._held.pop(effect.job_id, None)
        return ended

    def arrived(
        self, message: ResultMessage, job: TrackedJob, now: float, *, awaited: bool, warn: Callable[[str], None]
    ) -> ResultArrived:
        """Count a result, which its job `awaited` or not. `warn` takes a warning about its host.

        Returns what the job's miner needs: whether the result can be submitted, and what becomes of it.
        """
        auditor, screened = self.auditor, Screened.TAKEN
        self.router.ended(job.job_type, job.ordered_at if message.attempt == job.attempt else None)
        trusted = auditor.trusts(message.worker)
        computed = awaited and trusted and message.outcome is Outcome.COMPUTED
        if computed and message.attempt == job.attempt and job.ordered_at is not None:
            message = auditor.timed(message, job.ordered_at, now)
        if awaited and trusted and (warning := self._ended(message, job, now)) is not None:
            warn(warning)
        able = self._hosts_for(job.job_type)
        flaw = flaw_of(message, job.job_type) if trusted else _DISTRUSTED
        if computed:
            screened = self.screening.arrived(message, able, flawed=bool(flaw))
        return ResultArrived(
            message=message,
            flaw=flaw,
            able=able,
            screened=screened,
            kind=auditor.identities.kind_of(message.worker) if computed else (),
        )

    def _ended(self, message: ResultMessage, job: TrackedJob, now: float) -> str | None:
        """Count an awaited result. Returns a warning about its host, or None."""
        if message.outcome is Outcome.COMPUTED:
            self._pace.computed(job.job_type, message.compute_ms)
            if message.attempt == job.attempt and job.ordered_at is not None:
                queue = self.router.queue_of(job.job_type)
                self._pace.waited(queue, now - job.ordered_at - message.compute_ms / 1000)
        warning = self._hosts.ended(message, job.job_type, now)
        self.look(now)
        return warning
