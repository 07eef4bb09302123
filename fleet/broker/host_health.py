"""Decides which workers are healthy: they computed a job lately, so another result is expected of them. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

from tasks.host.host_names import host_of
from tasks.messages import Outcome, ResultMessage

#: how long after computing a job a worker counts as healthy, in seconds
_ABLE_S = 120.0
#: the same for workers of a host on which none states any more that it takes jobs
_LEFT_S = 10.0
#: how long the workers of the first look count as healthy before they have computed a job, in seconds
_FIRST_S = 10.0
#: most workers that are remembered: a worker states its own name, and may invent names without end
_MOST_WORKERS = 256
#: failures in a row before the first warning about a host, and the factor to the next warning
_WARN_AT, _WARN_AGAIN = 5, 4


@dataclass(slots=True)
class _Row:
    """A worker's failures in a row on one job type, since it may compute other types well."""

    failures: int = 0
    warn_at: int = _WARN_AT


@dataclass(slots=True)
class _Tally:
    """The counts of one worker."""

    computed: int = 0
    failed: int = 0
    computed_at: float = float("-inf")
    #: job type → failures since the worker last computed one of the type
    rows: dict[str, _Row] = field(default_factory=dict)


class HostHealth:
    """The counts of each worker that sent results, by its name, and which workers are healthy."""

    def __init__(self) -> None:
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()
        #: hosts that an order keeps from jobs
        self.paused: frozenset[str] = frozenset()
        #: hosts whose workers state that they take jobs, and those that did before
        self._taking: frozenset[str] = frozenset()
        self._left: frozenset[str] = frozenset()
        #: until when those that have computed nothing yet count as well; None before the first worker is seen
        self._first_until: float | None = None

    def stated(self, hosts: Collection[str]) -> None:
        """The hosts whose workers state that they take jobs.

        Anybody with a worker's password can make a host look absent, so one whose results still arrive has not left.
        """
        self._left = frozenset([*self._left, *self._taking.difference(hosts)][-_MOST_WORKERS:]).difference(hosts)
        self._taking = frozenset(hosts)

    def ended(self, message: ResultMessage, job_type: str, now: float) -> str | None:
        """Count the end of an attempt at a job of a known type.

        Returns a warning if its worker failed many times in a row on jobs of the type, else None.
        """
        tally = self._tallies.get(message.worker)
        if tally is None:
            tally = self._tallies[message.worker] = _Tally()
        self._tallies.move_to_end(message.worker)
        if len(self._tallies) > _MOST_WORKERS:
            self._tallies.popitem(last=False)
        if message.outcome is Outcome.COMPUTED:
            tally.computed, tally.computed_at = tally.computed + 1, now
            tally.rows.pop(job_type, None)
            return None
        row = tally.rows.setdefault(job_type, _Row())
        tally.failed, row.failures = tally.failed + 1, row.failures + 1
        if row.failures < row.warn_at:
            return None
        row.warn_at *= _WARN_AGAIN
        return (
            f"{message.worker or 'a nameless worker'} failed {row.failures} times in a row on {job_type}, "
            f"{tally.failed} jobs in all beside {tally.computed} that it computed: {message.error}"
        )

    def able(self, now: float) -> frozenset[str]:
        """The workers that computed a job lately, without those of hosts that are paused or have left.

        After a start no worker has computed a job. So for a few seconds all workers count that state that they take
        jobs, and the first results are checked, too. Not for longer: whoever has a worker's password can state that.
        """
        lately = frozenset(worker for worker, tally in self._tallies.items() if now - tally.computed_at <= _ABLE_S)
        if self._first_until is None or now < self._first_until:
            lately |= self._expected(now)
        # asked for each result, and seldom is a host paused or gone
        if not (self.paused or self._left):
            return lately
        return frozenset(worker for worker in lately if self._counts(worker, now))

    def _expected(self, now: float) -> frozenset[str]:
        """The workers, by the names that Celery gives them, of hosts that have not answered since the start."""
        if not self._taking:
            return frozenset()
        self._first_until = now + _FIRST_S if self._first_until is None else self._first_until
        answered = {host_of(worker) for worker in self._tallies}
        return frozenset(f"worker@{name}" for name in self._taking if host_of(name) not in answered)

    def _counts(self, worker: str, now: float) -> bool:
        """Whether a worker that computed a job lately is expected to compute another."""
        host = host_of(worker)
        tally = self._tallies.get(worker)
        gone = host in self._left and tally is not None and now - tally.computed_at > _LEFT_S
        return not gone and host not in self.paused
