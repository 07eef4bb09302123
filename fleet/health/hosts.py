"""Reports what is wrong with worker hosts: each is compared with its own share of the results and its own speed.

One file: what is learnt of a host, and what each symptom needs of it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from fleet.health.learned import UsualLevel, UsualPace
from fleet.health.symptom import Symptom, host_subject
from fleet.status.fresh import FreshAttempts, FreshPayments
from fleet.status.tallies import OTHER, Names
from tasks.kinds import version_of

#: most hosts that are kept apart, since workers may invent names, and most job types of each
_MOST_HOSTS, _MOST_TYPES = 256, 64
#: results of a host after which its share is learnt
_LEARNT = 20
#: results that a host would have ended by its share, and seconds without any, before it counts as deaf
_MISSED, _SILENT_S, _MOST_SILENT_S = 12.0, 15.0, 45.0
#: seconds without a sign of life after which a worker is gone
_GONE_S = 10.0
#: seconds of silence after which the loss can be seen in the farm's income, and after which a host counts as removed
_SEEN_S, _REMOVED_S = 60.0, 86_400.0
#: number of results over which a share is averaged
_SHARE_OVER = 200.0
#: share of failed attempts above which a host fails, and how many attempts that takes
_FAILS, _ATTEMPTS = 0.5, 10
#: multiples of its usual time at which a host begins and ceases to count as slower, and how many jobs that takes
_SLOWER, _SLOWER_NO_MORE, _JOBS = 1.5, 1.25, 50
#: how many times its usual time a single job counts at most
_MOST_SLOW = 10.0


@dataclass(slots=True)
class _Host:
    """What is learnt of one host. Times are monotonic seconds."""

    results: UsualPace = field(default_factory=UsualPace)
    payments: UsualPace = field(default_factory=UsualPace)
    successes: UsualLevel = field(default_factory=UsualLevel)
    #: time of a kernel by job type, in milliseconds
    kernels: defaultdict[str, UsualLevel] = field(default_factory=lambda: defaultdict(UsualLevel))
    #: kernel times of all types, each as a multiple of what is usual for its type
    slowness: UsualLevel = field(default_factory=UsualLevel)
    slower: bool = False
    #: version of the kernels that computed the last result
    kernel_version: str = ""
    #: when its worker last gave a sign of life
    seen_at: float = float("-inf")
    #: when it last got no jobs, since the farm had none or it was paused
    idle_at: float = float("-inf")
    #: share of the farm's results that come from this host, of the job types that it has computed
    share: float = 0.0
    #: results since the last second, and results that it would have ended by its share since its last one
    fresh: int = 0
    missed: float = 0.0


class HostWatch:
    """Learns from each result and payment what is usual for its host."""

    def __init__(self, kernel_version: str) -> None:
        """`kernel_version` is that of this release."""
        self._kernel_version = kernel_version
        self._names = Names(_MOST_HOSTS)
        self._hosts = defaultdict[str, _Host](_Host)
        #: results of all hosts since the last second, by job type
        self._fresh = Counter[str]()
        #: hosts whose results are refused, with the reason
        self.distrusted: Mapping[str, str] = {}

    def ended(self, name: str, job_type: str, attempts: FreshAttempts) -> None:
        """A host ended attempts at jobs of a type."""
        name = self._names.of(name)
        if name == OTHER:
            return
        host, computed = self._hosts[name], len(attempts.kernel_ms)
        number = computed + attempts.failed
        host.results.seen(0.0, attempts.last_at, events=number, first_at=attempts.first_at)
        host.seen_at = attempts.last_at
        host.fresh += number
        self._fresh[job_type] += number
        host.successes.seen(computed / number, number)
        if not computed:
            return
        host.kernel_version = attempts.kernel_version
        if job_type in host.kernels or len(host.kernels) < _MOST_TYPES:
            kernel = host.kernels[job_type]
            if kernel.count >= _JOBS and kernel.usual > 0:
                slowness = sum(min(kernel_ms / kernel.usual, _MOST_SLOW) for kernel_ms in attempts.kernel_ms)
                host.slowness.seen(slowness / computed, computed)
            # what is slower than usual must not become usual soon
            if not host.slower:
                kernel.seen(sum(attempts.kernel_ms) / computed, computed)

    def paid(self, name: str, fresh: FreshPayments) -> None:
        """Jobs that the host computed were paid."""
        host = self._hosts.get(name)
        if host is not None:
            host.payments.seen(float(fresh.job_amount), fresh.last_at, events=fresh.jobs, first_at=fresh.first_at)

    def all_paused(self, paused: Collection[str], online: Collection[str]) -> bool:
        """Whether every host that is known or `online` is `paused`, of which there is one at least."""
        known = {host_subject(name) for name in (*self._hosts, *online)}
        return bool(known) and known <= set(paused)

    def look(
        self,
        drop_per_day: float | None,
        now: float,
        *,
        online: Collection[str] | None,
        idle: bool,
        paused: Collection[str] = (),
    ) -> Iterator[Symptom]:
        """Call once a second. Returns the symptoms of all hosts.

        `drop_per_day` is by how many NNET a day the farm's income fell; no host can have cost more than that. `online`
        are the hosts whose workers give signs of life, None while that is unknown. `idle` is whether the farm has a
        reason not to give hosts jobs. Subjects that are `paused` get none, and have no symptoms.
        """
        yield from self._wrong()
        fresh, self._fresh = self._fresh, Counter()
        newest = max((host.results.last_at for host in self._hosts.values()), default=now)
        for name, host in list(self._hosts.items()):
            is_paused = host_subject(name) in paused
            rests = idle or is_paused
            # of types that it never computes, it can miss none
            self._count(host, 0 if rests else sum(fresh[one] for one in host.kernels))
            host.idle_at = now if rests else host.idle_at
            host.missed = 0.0 if rests else host.missed
            silent_s = now - max(host.results.last_at, host.idle_at)
            if now - host.results.last_at >= _REMOVED_S:
                del self._hosts[name]
                continue
            if online is None or name in online or rests:
                host.seen_at = now
            if is_paused:
                continue
            gone = now - host.seen_at >= _GONE_S and silent_s >= _GONE_S and newest - host.results.last_at >= _GONE_S
            if gone or (host.missed >= _MISSED and silent_s >= _patience_s(host)):
                # a worker without a sign may not be gone for long enough yet, but it is not online
                signs = online is None or name in online
                yield self._deaf(name, host, silent_s, drop_per_day, gone=gone or not signs)
            else:
                yield from self._ailing(name, host, drop_per_day)

    def _wrong(self) -> Iterator[Symptom]:
        for name, reason in self.distrusted.items():
            text = f"Host {name} computes wrongly: {reason}. Its results are refused."
            yield Symptom(kind="wrong_results", subject=host_subject(name), text=text)

    @staticmethod
    def _count(host: _Host, total: int) -> None:
        fresh, host.fresh = host.fresh, 0
        host.missed = 0.0 if fresh else host.missed + host.share * total
        # a host that falls silent keeps its share, as does one that is given no jobs
        if total and (fresh or host.missed < _MISSED / 2):
            host.share += (fresh / total - host.share) * -math.expm1(-total / _SHARE_OVER)
        if host.results.count < _LEARNT:
            host.missed = 0.0

    @staticmethod
    def _deaf(name: str, host: _Host, silent_s: float, drop_per_day: float | None, *, gone: bool) -> Symptom:
        how = "gives no sign of life and" if gone else "is online, but"
        return Symptom(
            kind="deaf_worker",
            subject=host_subject(name),
            text=f"Host {name} {how} computes no jobs, while other hosts do.",
            lasted_s=silent_s,
            nnet_per_day=_capped(host.payments.per_day, drop_per_day) if silent_s >= _SEEN_S else None,
        )

    def _ailing(self, name: str, host: _Host, drop_per_day: float | None) -> Iterator[Symptom]:
        subject = host_subject(name)
        if host.successes.count >= _ATTEMPTS and host.successes.lately < 1 - _FAILS:
            failed = "most" if host.successes.lately > 0.05 else "all"
            yield Symptom(kind="host_failing", subject=subject, text=f"Host {name} fails {failed} of its jobs.")
        ratio = host.slowness.lately
        host.slower = host.slowness.count >= _JOBS and ratio > (_SLOWER_NO_MORE if host.slower else _SLOWER)
        if host.slower:
            lost = _capped((host.payments.per_day or 0.0) * (ratio - 1.0), drop_per_day)
            text = f"Host {name} takes longer for a job than it did."
            yield Symptom(kind="slower_host", subject=subject, text=text, nnet_per_day=lost)
        theirs = version_of(host.kernel_version)[:16]
        if theirs and theirs != self._kernel_version:
            text = f"Host {name} computes with kernels of version {theirs}, this release has {self._kernel_version}."
            yield Symptom(kind="old_release", subject=subject, text=text)


def _patience_s(host: _Host) -> float:
    return max(_SILENT_S, min(2 * host.results.longest_s, _MOST_SILENT_S))


def _capped(lost: float | None, drop_per_day: float | None) -> float | None:
    """What a host lost a day, but not more than the farm did; None while either is unknown."""
    return None if lost is None or drop_per_day is None else min(lost, drop_per_day)
