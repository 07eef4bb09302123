"""Decides which results are checked on another host, and which hosts are distrusted, by each host's record. Pure."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from fleet.domain.checks import Checked
from tasks.host.host_names import host_of
from tasks.kinds import Kind
from tasks.messages import ResultMessage

#: results that agreed, in a row, until which all of a host's results are checked; after as many again, the share halves
_ALL = 10
#: wrong results after which a host is distrusted
_MOST_WRONG = 2
#: times longer than possible that a host may state in a row, and plausible ones that make up for them
_MOST_FALSE_TIMES, _PLAUSIBLE = 3, 20
#: seconds by which a kernel may seem to last longer than its job was at the workers
_SLACK_S = 0.1
#: most hosts that are remembered: a worker states its own name, and may invent names without end
_MOST_HOSTS = 256


@dataclass(slots=True)
class HostRecord:
    """What was found out about one host since the coordinator started."""

    #: results that were awaited
    results: int = 0
    #: of these: compared with another host's, agreed, wrong; and drawn to be checked, but no other host could
    checked: int = 0
    agreed: int = 0
    wrong: int = 0
    unchecked: int = 0
    #: results that agreed since the last wrong one
    in_a_row: int = 0
    #: kernel times longer than possible, and plausible ones since the last of them
    false_times: int = 0
    plausible: int = 0
    #: when the last of them arrived, in monotonic seconds
    false_at: float = float("-inf")
    #: why its results are refused; empty while they are taken
    distrusted: str = ""


class Auditor:
    """The records of all hosts. `share` of a trusted host's results are checked; 0 checks none."""

    def __init__(self, share: float = 0.0, rng: random.Random | None = None) -> None:
        self.share = share
        #: the part of a worker's name after the @ → what it states of its host that decides on last bits
        self.kinds: Mapping[str, Kind] = {}
        #: the hosts that were distrusted, in order
        self.log: list[str] = []
        #: kernel time that checks took, in milliseconds
        self.extra_ms = 0.0
        #: jobs that were given up since two hosts disagree and no third could decide
        self.disputed = 0
        self._rng = rng or random.Random()
        self._records: OrderedDict[str, HostRecord] = OrderedDict()
        #: hosts whose results are refused, and hosts that stated impossible times
        self._refused: set[str] = set()
        self._suspected: set[str] = set()

    @property
    def records(self) -> Mapping[str, HostRecord]:
        """The records by host."""
        return self._records

    def record(self, host: str) -> HostRecord:
        """The record of a host, a new one if it has none."""
        found = self._records.get(host)
        if found is None:
            found = self._records[host] = HostRecord()
            if len(self._records) > _MOST_HOSTS:
                self._forget_one()
        return found

    def trusts(self, worker: str) -> bool:
        """Whether results of this worker's host are taken."""
        return not self._refused or host_of(worker) not in self._refused

    def trusted(self, workers: frozenset[str]) -> frozenset[str]:
        """Those of the workers whose hosts' results are taken."""
        if not self._refused:
            return workers
        return frozenset(worker for worker in workers if self.trusts(worker))

    def kind_of(self, worker: str) -> Kind:
        """What a worker states of its host; empty if it states nothing."""
        return self.kinds.get(worker.rpartition("@")[2], ())

    def share_of(self, host: str) -> float:
        """The share of this host's results that is checked: all at first, then half as many after every ten."""
        found = self._records.get(host)
        tens = 0 if found is None else found.in_a_row // _ALL
        return max(self.share, 0.5**tens) if self.share else 0.0

    def draws(self, message: ResultMessage, able: Collection[str]) -> bool:
        """Count a computed result; whether it is to be checked. `able` are the workers that compute other jobs."""
        host = host_of(message.worker)
        record = self._records.get(host) or self.record(host)
        record.results += 1
        # most results are of hosts that have shown themselves right
        if not self.share or (record.in_a_row >= _ALL and self._rng.random() >= self.share_of(host)):
            return False
        if any(host_of(worker) != host for worker in able):
            return True
        record.unchecked += 1
        return False

    def timed(self, message: ResultMessage, ordered_at: float, now: float) -> ResultMessage:
        """The result of a job that was ordered at `ordered_at`, with its kernel time cut to what is possible.

        A suspended coordinator's clock stands still, so several jobs at a time may seem to have taken too long. A
        further one counts only if its job was ordered after the last one arrived.
        """
        possible_ms = (now - ordered_at + _SLACK_S) * 1000
        if message.compute_ms <= possible_ms or not self.share:
            if self._suspected:
                self._plausible(host_of(message.worker))
            return message
        record = self.record(host_of(message.worker))
        if ordered_at > record.false_at:
            self._suspected.add(host_of(message.worker))
            record.false_times, record.plausible, record.false_at = record.false_times + 1, 0, now
            if record.false_times >= _MOST_FALSE_TIMES:
                self._distrust(host_of(message.worker), record, "states longer kernel times than are possible")
        return replace(message, compute_ms=possible_ms)

    def _plausible(self, host: str) -> None:
        if host in self._suspected:
            record = self.record(host)
            record.plausible += 1
            if record.plausible >= _PLAUSIBLE:
                record.false_times = record.plausible = 0
                self._suspected.discard(host)

    def take(self, checked: Checked) -> None:
        """Count what a check found."""
        self.extra_ms += checked.extra_ms
        self.disputed += checked.disputed
        if checked.unchecked:
            self.record(checked.unchecked).unchecked += 1
        for host in checked.agreed:
            record = self.record(host)
            record.checked, record.agreed, record.in_a_row = record.checked + 1, record.agreed + 1, record.in_a_row + 1
        for host in checked.wrong:
            record = self.record(host)
            record.checked, record.wrong, record.in_a_row = record.checked + 1, record.wrong + 1, 0
            if record.wrong >= _MOST_WRONG:
                self._distrust(host, record, f"{record.wrong} of its results were wrong")

    def keep_out(self, hosts: Iterable[str], reason: str) -> None:
        """Distrust hosts by an order that stands, e.g. one that an earlier coordinator wrote."""
        for host in hosts:
            self._distrust(host, self.record(host), reason or "it was wrong before")

    def forgive(self, host: str) -> None:
        """Take a host's results again, and check all of them at first."""
        self._records[host] = HostRecord()
        self._refused.discard(host)
        self._suspected.discard(host)

    def _distrust(self, host: str, record: HostRecord, reason: str) -> None:
        if not record.distrusted:
            record.distrusted = reason
            self._refused.add(host)
            self.log.append(host)

    def _forget_one(self) -> None:
        """Forget the oldest host that is not distrusted, or the oldest of all."""
        oldest = next((name for name, one in self._records.items() if not one.distrusted), None)
        forgotten = oldest if oldest is not None else next(iter(self._records))
        del self._records[forgotten]
        self._refused.discard(forgotten)
        self._suspected.discard(forgotten)
