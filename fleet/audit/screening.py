"""Decides which results of one server's jobs are checked, and holds those that are not decided yet. Pure.

Each result gets a random mark when it arrives. It is checked if its mark is below the share of its host's results that
is checked. While a host is not fully known, ten of its results are under check at most; further ones that are due wait.
Their marks stay, so a host can't choose which of its results are checked, whenever it answers: a result is submitted
unchecked only by its mark, or when no other host has answered in time. As results agree, the share falls, and those
whose mark it passes are taken. So hosts far away cost a few checks each, however many of their results arrive at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from fleet.audit.auditor import Auditor
from fleet.domain.checks import Screened
from tasks.host.host_names import host_of
from tasks.messages import ResultMessage


@dataclass(slots=True)
class _Queue:
    """The held results of one host."""

    #: job id → mark, in the order in which the results arrived
    marks: dict[str, float] = field(default_factory=dict)
    #: the share by which they were last decided
    share: float = -1.0


class Screening:
    """Screens the results of one server's jobs, by job id. Servers that share the hosts share the `auditor`."""

    def __init__(self, auditor: Auditor) -> None:
        self.auditor = auditor
        #: host → its held results, and the host of each of them
        self._queues: dict[str, _Queue] = {}
        self._held: dict[str, str] = {}
        #: job under check → the host that answered first
        self._checked: dict[str, str] = {}

    @property
    def held(self) -> int:
        """Number of results that are held."""
        return len(self._held)

    def arrived(self, message: ResultMessage, able: Collection[str], *, flawed: bool = False) -> Screened:
        """Count a computed result, and decide about it. `able` are the workers that compute other jobs.

        One that is `flawed` can't be submitted anyway, so that nothing is to be checked.
        """
        auditor, job_id, host = self.auditor, message.job_id, host_of(message.worker)
        record = auditor.record(host)
        record.results += 1
        if job_id in self._checked:
            return Screened.CHECKED
        if job_id in self._held:
            return Screened.HELD
        mark = auditor.mark()
        if mark >= auditor.share_of(host) or flawed:
            return Screened.TAKEN
        if not any(host_of(worker) != host for worker in able):
            record.unchecked += 1
            return Screened.TAKEN
        if host not in self._queues and auditor.has_room(host):
            self._check(job_id, host)
            return Screened.CHECKED
        self._queues.setdefault(host, _Queue()).marks[job_id] = mark
        self._held[job_id] = host
        return Screened.HELD

    def over(self, job_id: str) -> None:
        """The job no longer waits for a result, however that came."""
        if (host := self._checked.pop(job_id, None)) is not None:
            self.auditor.check_over(host)
        elif (host := self._held.pop(job_id, None)) is not None:
            del self._queues[host].marks[job_id]

    def due(self) -> Iterator[tuple[str, Screened]]:
        """The jobs whose results are held no longer, each with what becomes of it now.

        Those of a distrusted host are forgotten: its other results are, too.
        """
        for host, queue in list(self._queues.items()):
            if not self.auditor.trusts_host(host):
                for job_id in queue.marks:
                    del self._held[job_id]
                queue.marks.clear()
            share, room = self.auditor.share_of(host), self.auditor.has_room(host)
            if queue.marks and (room or share != queue.share):
                queue.share = share
                yield from self._decided(host, queue)
            if not queue.marks:
                del self._queues[host]

    def _decided(self, host: str, queue: _Queue) -> Iterator[tuple[str, Screened]]:
        for job_id, mark in list(queue.marks.items()):
            taken = mark >= queue.share
            if taken or self.auditor.has_room(host):
                del queue.marks[job_id], self._held[job_id]
                if not taken:
                    self._check(job_id, host)
                yield job_id, Screened.TAKEN if taken else Screened.CHECKED

    def _check(self, job_id: str, host: str) -> None:
        self._checked[job_id] = host
        self.auditor.check_begun(host)
