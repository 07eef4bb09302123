"""The laws of paused hosts and job types: a paused host takes nothing new, and a job of a paused type only waits.

One file: both judge what is done by the same news of controls and workers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence

from fleet.control.control import TargetKind
from fleet.control.in_force import Controls
from fleet.domain.causes import Loss
from fleet.domain.effects import Dispatch, JobMoved, JobOpened, Write
from fleet.domain.jobs import FINAL, JobState
from tests.virtual.host_orders import FOLLOWED_S
from tests.virtual.worker_host import WorkerHost

#: why jobs end unpaid that somebody has computed, or tried to
_OF_WORKERS = frozenset({Loss.KERNEL, Loss.WORKER_LOST, Loss.TIME_LIMIT, Loss.BAD_FORMAT, Loss.ANSWER_LOST})


class HostLaws:
    """Checks what hosts take by what the coordinator was told. `hold` raises BrokenLawError unless it gets True."""

    def __init__(self, hosts: Iterable[WorkerHost], hold: Callable[[bool, str], None]) -> None:
        self._hosts, self._hold = tuple(hosts), hold
        self._paused = frozenset[str]()
        #: host → since when nothing has kept its order, or the end of it, from reaching it
        self._clear_since = dict.fromkeys((host.name for host in self._hosts), 0.0)
        #: hosts whose order has certainly reached them, and stands in Redis
        self._firm = set[str]()

    @property
    def all_paused(self) -> bool:
        """Whether every host is paused."""
        return self._paused >= {host.name for host in self._hosts}

    def follow(self, controls: Controls, now: float) -> None:
        """The coordinator is told of these controls."""
        paused = frozenset(controls.names(TargetKind.HOST))
        for name in paused ^ self._paused:
            self._unsure(name, now)
        self._paused = paused

    def born(self, now: float) -> None:
        """A coordinator starts. The last one may have ended before its orders were written."""
        for name in self._clear_since.keys() - self._firm:
            self._clear_since[name] = now

    def disturbed(self, now: float) -> None:
        """Redis was emptied, or comes and goes."""
        for name in self._clear_since:
            self._unsure(name, now)

    def alive(self, now: float) -> None:
        """The coordinator still runs, and Redis answers."""
        for host in self._hosts:
            if now < self._clear_since[host.name] + FOLLOWED_S:
                continue
            if host.name in self._paused:
                self._firm.add(host.name)
            else:
                self._hold(host.order == "", f"hosts: nothing pauses {host.name}, and its order is {host.order!r}")

    def took(self, host: WorkerHost) -> None:
        """A host takes a message."""
        self._hold(host.name not in self._firm, f"hosts: {host.name} takes a job while it is paused")

    def _unsure(self, name: str, now: float) -> None:
        self._clear_since[name] = now
        self._firm.discard(name)


class TypeLaws:
    """Checks the jobs of one server by the types that the coordinator was told are paused."""

    def __init__(self, hold: Callable[[bool, str], None]) -> None:
        self._hold = hold
        #: paused type → since when
        self._paused: dict[str, float] = {}
        #: job → its miner and type, while it is open
        self._open: dict[str, tuple[str, str]] = {}
        #: jobs that no worker was ever given
        self._undispatched = set[str]()
        #: job → the attempt that this coordinator wrote down and has not dispatched, and since when nothing holds it
        self._owed: dict[str, tuple[int, float]] = {}
        #: job → its last attempt by the ledger
        self._attempts: dict[str, int] = {}

    def follow(self, controls: Controls, now: float) -> None:
        """The coordinator is told of these controls."""
        names = controls.names(TargetKind.JOB_TYPE)
        if names.keys() != self._paused.keys():
            self.excused(now)
        self._paused = {name: self._paused.get(name, now) for name in names}

    def born(self) -> None:
        """A coordinator starts, and knows the controls before its first job."""
        self._paused = dict.fromkeys(self._paused, -math.inf)
        self._owed.clear()

    def excused(self, now: float) -> None:
        """What kept jobs from being dispatched has changed."""
        self._owed = {job_id: (attempt, now) for job_id, (attempt, _) in self._owed.items()}

    def alive(self, now: float) -> None:
        """The coordinator has run a while, and workers are there."""
        for job_id, (attempt, since) in self._owed.items():
            if job_id in self._open and self._open[job_id][1] not in self._paused:
                words = f"types: attempt {attempt} of {job_id} is held since {since:.1f} s, and nothing pauses its type"
                self._hold(now <= since + FOLLOWED_S, words)

    @property
    def waiting(self) -> Collection[str]:
        """The miners that have a job of a paused type."""
        return {miner_id for miner_id, job_type in self._open.values() if job_type in self._paused}

    def dispatched(self, order: Dispatch, now: float) -> None:
        """A job is dispatched; what was decided in the turn that hears of a pause may still be."""
        message = order.message
        since = self._paused.get(message.job_type, math.inf)
        self._hold(now <= since, f"types: {message.job_id} of type {message.job_type} is dispatched while it is paused")
        self._undispatched.discard(message.job_id)
        if message.attempt >= self._owed.get(message.job_id, (math.inf, now))[0]:
            del self._owed[message.job_id]

    def committed(self, writes: Sequence[Write], now: float) -> None:
        """Rows were written to the ledger."""
        for write in writes:
            if isinstance(write, JobOpened | JobMoved):
                self._owes(write, now)
            if isinstance(write, JobOpened):
                if write.job.job_id not in self._open and not write.reopened:
                    self._undispatched.add(write.job.job_id)
                self._open[write.job.job_id] = (write.miner_id, write.job.job_type)
                if write.state in FINAL:
                    self._open.pop(write.job.job_id)
            elif isinstance(write, JobMoved):
                self._moved(write)

    def _owes(self, write: JobOpened | JobMoved, now: float) -> None:
        job_id = write.job.job_id if isinstance(write, JobOpened) else write.job_id
        if write.state is not JobState.ASSIGNED:
            self._owed.pop(job_id, None)
        elif write.attempt > self._attempts.get(job_id, 0):
            self._attempts[job_id], self._owed[job_id] = write.attempt, (write.attempt, now)

    def _moved(self, write: JobMoved) -> None:
        if write.job_id in self._undispatched:
            computed = write.state is JobState.COMPUTED and write.loss is None
            wrong = computed or write.loss in _OF_WORKERS
            self._hold(not wrong, f"types: {write.job_id}, which no worker was given, is {write.state}: {write.loss}")
        if write.state in FINAL:
            self._open.pop(write.job_id, None)


class WorkLaws:
    """The laws of hosts and of job types, for a farm at one server or more."""

    def __init__(
        self, hosts: Iterable[WorkerHost], servers: Iterable[str], hold: Callable[[bool, str], None], *, steers: bool
    ) -> None:
        """`steers` is whether any host is steered: otherwise hosts read no orders."""
        self.hosts, self._types = HostLaws(hosts, hold), {server: TypeLaws(hold) for server in servers}
        self._steers, self._present = steers, True

    def follow(self, controls: Controls, now: float) -> None:
        """The coordinator is told of these controls."""
        self.hosts.follow(controls, now)
        for types in self._types.values():
            types.follow(controls, now)

    def born(self, controls: Controls, now: float) -> None:
        """A coordinator starts with these controls."""
        self.follow(controls, now)
        self.hosts.born(now)
        self._present = True
        for types in self._types.values():
            types.born()

    def workers(self, now: float, *, present: bool) -> None:
        """Workers have come or gone."""
        self._present = present
        for types in self._types.values():
            types.excused(now)

    def alive(self, now: float, *, reachable: bool, draining: bool) -> None:
        """The coordinator still runs; `reachable` is whether Redis answers."""
        if self._steers and reachable:
            self.hosts.alive(now)
        if self._present and not draining:
            for types in self._types.values():
                types.alive(now)

    def dispatched(self, order: Dispatch, now: float) -> None:
        """A job is dispatched to the workers."""
        self._types[order.message.miner_id.partition("-")[0]].dispatched(order, now)

    def committed(self, server: str, writes: Sequence[Write], now: float) -> None:
        """Rows of this server were written to the ledger."""
        self._types[server].committed(writes, now)

    def excused(self, miner_id: str) -> bool:
        """Whether a miner need not fetch: all hosts are paused, or it has a job of a paused type."""
        waits = any(miner_id in types.waiting for types in self._types.values())
        return waits or (self._steers and self.hosts.all_paused)
