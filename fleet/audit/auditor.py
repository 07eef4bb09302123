"""Keeps each host's record, which decides how many of its results are checked, and whether it is distrusted. Pure.

One file: each finding about a host changes the same record.
"""

from __future__ import annotations

import random
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fleet.audit.host_record import PROBATION, HostRecord, KeptRecord
from fleet.audit.identities import Identities
from fleet.domain.checks import Checked
from tasks.host.host_names import host_of
from tasks.kinds import Kind
from tasks.messages import ResultMessage

#: wrong results after which a host is distrusted
_MOST_WRONG = 2
#: times longer than possible that a host may state in a row, and plausible ones that make up for them
_MOST_FALSE_TIMES, _PLAUSIBLE = 3, 20
#: seconds by which a kernel may seem to last longer than its job was at the workers
_SLACK_S = 0.1
#: most hosts that are remembered: a worker states its own name, and may invent names without end
_MOST_HOSTS = 256


class Auditor:
    """The records of all hosts. `share` of a trusted host's results are checked; 0 checks none."""

    def __init__(self, share: float = 0.0, rng: random.Random | None = None) -> None:
        self.share = share
        #: most results of a host that are under check at once, until the share of them is down to the setting
        self.at_once = PROBATION
        self.identities = Identities()
        #: what of each host's record is to be kept, as of its last change; another thread may read it
        self.kept: dict[str, KeptRecord] = {}
        #: the hosts that were distrusted, in order
        self.log: list[str] = []
        #: kernel time that checks took, in milliseconds
        self.extra_ms = 0.0
        #: jobs that were given up since two hosts disagree and no third could decide
        self.disputed = 0
        self._rng = rng or random.Random()
        self._records: OrderedDict[str, HostRecord] = OrderedDict()
        #: what an earlier coordinator kept of hosts that have not shown that they are still the same
        self._earlier: dict[str, KeptRecord] = {}
        self._kinds: Mapping[str, Sequence[Kind]] = {}
        self._under_check = Counter[str]()
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
            found = self._records[host] = self._new(host)
            if len(self._records) > _MOST_HOSTS:
                self._forget_one()
        return found

    def trusts(self, worker: str) -> bool:
        """Whether results of this worker's host are taken."""
        return not self._refused or host_of(worker) not in self._refused

    def trusts_host(self, host: str) -> bool:
        """Whether results of this host are taken."""
        return host not in self._refused

    def trusted(self, workers: frozenset[str]) -> frozenset[str]:
        """Those of the workers whose hosts' results are taken."""
        if not self._refused:
            return workers
        return frozenset(worker for worker in workers if self.trusts(worker))

    def share_of(self, host: str) -> float:
        """The share of this host's results that is checked: all at first, then half as many after every ten."""
        if not self.share:
            return 0.0
        found = self._records.get(host)
        return max(self.share, found.share) if found is not None else 1.0

    def mark(self) -> float:
        """A random mark from 0 to 1 for a new result, which is checked if its mark is below its host's share."""
        return self._rng.random()

    def has_room(self, host: str) -> bool:
        """Whether one more result of this host may be under check."""
        if self._under_check[host] < self.at_once:
            return True
        found = self._records.get(host)
        return found is not None and not found.on_probation and found.share <= self.share

    def check_begun(self, host: str) -> None:
        """A result of this host is under check from now on."""
        self._under_check[host] += 1

    def check_over(self, host: str) -> None:
        """A check of one of its results is over, however it ended."""
        self._under_check[host] -= 1
        if self._under_check[host] <= 0:
            del self._under_check[host]

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
            self.record(host).agree(first=host == checked.first)
            self._keep(host)
        for host in checked.wrong:
            record = self.record(host)
            record.err()
            self._keep(host)
            if record.wrong >= _MOST_WRONG:
                self._distrust(host, record, f"{record.wrong} of its results were wrong")

    def keep_out(self, hosts: Iterable[str], reason: str) -> None:
        """Distrust hosts by an order that stands, e.g. one that an earlier coordinator wrote."""
        for host in hosts:
            self._distrust(host, self.record(host), reason or "it was wrong before")

    def forgive(self, host: str) -> None:
        """Take a host's results again, and check all of them at first."""
        self._records[host] = self._new(host)
        self._refused.discard(host)
        self._suspected.discard(host)
        self._earlier.pop(host, None)
        self._keep(host)

    def recall(self, records: Iterable[KeptRecord]) -> None:
        """Take in what an earlier coordinator kept. It counts once `identify` has shown that a host is the same."""
        self._earlier = {one.host: one for one in records}

    def identify(self, identities: Identities) -> None:
        """Take in what shows that hosts are the same.

        A host with another key begins anew. One that computes in another way is checked as a new one, but its wrong
        results still count: otherwise it could state another kind after each of them.
        """
        self.identities, self._kinds = identities, identities.kinds_by_host()
        for host, record in list(self._records.items()):
            key, kinds = identities.key_of(host), self._kinds.get(host, ())
            if record.is_of(key, kinds):
                record.key, record.kind = key, record.kind or min(kinds, default=())
                continue
            begun = self._records[host] = self._new(host)
            begun.results, begun.unchecked, begun.distrusted = record.results, record.unchecked, record.distrusted
            begun.wrong = record.wrong if key == record.key else 0
            self._keep(host)
        for earlier in list(self._earlier.values()):
            self._recognize(earlier)

    def _recognize(self, earlier: KeptRecord) -> None:
        """Have what was kept of a host count, as far as it is the same."""
        host, kinds = earlier.host, self._kinds.get(earlier.host, ())
        if earlier.key != self.identities.key_of(host):
            del self._earlier[host]
            return
        if earlier.wrong:
            # one that was wrong more often was distrusted, and somebody has taken that back
            self.record(host).wrong += min(earlier.wrong, _MOST_WRONG - 1)
            self._earlier[host] = replace(earlier, wrong=0)
        if kinds:
            del self._earlier[host]
            if earlier.kind in kinds:
                self.record(host).inherit(earlier)
            self._keep(host)

    def _new(self, host: str) -> HostRecord:
        return HostRecord(key=self.identities.key_of(host), kind=min(self._kinds.get(host, ()), default=()))

    def _keep(self, host: str) -> None:
        self.kept[host] = self.record(host).kept(host)

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
        self.kept.pop(forgotten, None)
        self._refused.discard(forgotten)
        self._suspected.discard(forgotten)
