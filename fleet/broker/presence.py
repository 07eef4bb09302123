"""Watches workers in Redis: whether any takes jobs, by the sign that they renew, and what they state of themselves.

One file: one round trip reads all of it, for the thread that watches.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import redis

from fleet.broker.helping import Helping
from fleet.broker.idle_time import IdleTime
from fleet.broker.worker_slots import WorkerSlots
from fleet.broker.worker_statements import worker_statements
from fleet.threads import Progress, WatchedThread
from tasks.broker.queue_lengths import queue_lengths
from tasks.broker.stated_host import StatedHost
from tasks.host.host_names import host_of
from tasks.jobtypes import LEVELS
from tasks.messages import WORKERS_KEY, WORKERS_KEY_TTL_MS

#: seconds between two looks while workers are present, and while none is
_LOOK_S, _WAITING_S = 1.0, 0.2
#: seconds between two looks at what workers state of their hosts
_KINDS_S = 5.0
#: most hosts that are named with why they pause
_MOST_SHOWN = 3
#: seconds without a sign before the last worker counts as gone; an emptied Redis has no sign at first
_GONE_S = 4.0
#: a hanging Redis blocks the thread for 15 s at a time
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Workers:
    """Whether any worker takes jobs."""

    present: bool
    #: why every one of them pauses, if that is why none does: by an order, or by limits of its host
    pausing: str = ""


@dataclass(frozen=True, slots=True)
class WorkerKinds:
    """What the workers state of their hosts."""

    #: what decides on a result's last bits, as far as it is believed
    by_worker: Mapping[str, tuple[str, ...]]
    #: all that each states
    hosts: Mapping[str, StatedHost] = field(default_factory=dict)
    #: what shows the key of each invited host without telling it, by host
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerLevels:
    """The workers that take jobs, with the level of the highest class whose queue each takes them from."""

    by_worker: Mapping[str, int]
    #: whether hosts help with the jobs of all classes
    helping: bool = False


class PresenceDetector:
    """Decides from the checks of the sign whether workers are present. Times are monotonic seconds."""

    def __init__(self) -> None:
        #: None until the first look
        self.present: bool | None = None
        self._missed_at: float | None = None

    def look(self, sign: bool | None, now: float) -> bool:
        """Record a check. Returns whether the verdict changed. `sign` is None if Redis did not answer."""
        before = self.present
        if sign is None:
            self._missed_at = None
        elif sign:
            self.present, self._missed_at = True, None
        else:
            self._missed_at = now if self._missed_at is None else self._missed_at
            if not self.present or now - self._missed_at >= _GONE_S:
                self.present = False
        return self.present is not before


class PresenceWatch:
    """Checks the sign every second, and reports the first result and each change to `tell`.

    That all workers pause is shown, and decides nothing: it is their word alone.
    """

    def __init__(
        self,
        client: redis.Redis,
        tell: Callable[[Workers], None],
        tell_kinds: Callable[[WorkerKinds | WorkerLevels], None] = lambda _: None,
        *,
        knows_kind: Callable[[str, StatedHost], bool] | None = None,
        keys: Callable[[], Mapping[str, str]] = dict,
        open_to_all: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`tell_kinds` takes what the workers state of their hosts, whenever that changes.

        `knows_kind` says whether the kind is believed of a worker of this name; without it, each is.
        `keys` gives what shows each host's key. `open_to_all` takes the level up to which every host may take jobs.
        """
        self._open, self._helping = open_to_all, Helping()
        self._knows_kind = knows_kind or (lambda _worker, _host: True)
        self._client, self._keys = client, keys
        self._tell, self._tell_kinds = tell, tell_kinds
        self._told = WorkerKinds({})
        self._levels = WorkerLevels({})
        self._kinds_due_at = 0.0
        self._stop = threading.Event()
        #: what the workers state of their processes, as of the last look
        self.slots = WorkerSlots()
        #: messages in each queue of jobs as of the last look; None while Redis does not answer
        self.queue_lengths: Mapping[str, int] | None = None
        #: for how long hosts were idle while jobs waited
        self.idle = IdleTime()
        self.thread = WatchedThread("presence", self._run, patience_s=_PATIENCE_S)
        self.thread.start()

    def close(self) -> None:
        """End the thread soon."""
        self._stop.set()

    def _run(self, progress: Progress) -> None:
        detector, told = PresenceDetector(), None
        while not self._stop.wait(_WAITING_S if detector.present is False else _LOOK_S if detector.present else 0.0):
            progress.beat()
            sign = has_sign(self._client)
            detector.look(sign, time.monotonic())
            self.slots.look(None if sign is None else self._client, time.monotonic())
            self.queue_lengths = None if sign is None else _lengths(self._client)
            self._look_at_queues(self.queue_lengths, time.monotonic())
            if sign is not None and detector.present is not None:
                pause = not detector.present and self.slots.all_pause
                found = Workers(detector.present, pausing=self._pausing() if pause else "")
                if found != told:
                    told = found
                    self._tell(found)
            if sign:
                self._look_at_kinds(time.monotonic())
            if detector.present is None:
                self._stop.wait(_LOOK_S)

    def _pausing(self) -> str:
        """Why the workers pause, by host, as they state it."""
        try:
            stated = worker_statements(self._client) or {}
        except redis.RedisError:
            stated = {}
        whys = {host_of(name): one.pauses for name, one in stated.items() if one is not None and one.pauses}
        shown = [f"{host}: {why}" for host, why in list(whys.items())[:_MOST_SHOWN]]
        more = [f"and {len(whys) - _MOST_SHOWN} hosts more"] if len(whys) > _MOST_SHOWN else []
        return "; ".join((*shown, *more)) or "as ordered or by its host's limits"

    def _look_at_queues(self, lengths: Mapping[str, int] | None, now: float) -> None:
        """Add up for how long hosts are idle while jobs wait, and have them help where others can't keep up."""
        self.idle.look(self.slots.free, None if lengths is None else sum(lengths.values()), now)
        if lengths is not None and self.slots.taking is not None:
            idle = Counter[int]()
            for name, free in self.slots.taking.items():
                idle[self._levels.by_worker.get(name, LEVELS[0])] += free
            open_level = self._helping.look(lengths, idle)
            self._open(open_level)
            self._tell_levels(self._levels.by_worker, helping=open_level > LEVELS[0])

    def _look_at_kinds(self, now: float) -> None:
        """Report what workers state of their hosts, if that has changed; at once for a worker that comes or goes."""
        taking = self.slots.taking
        if now < self._kinds_due_at and (taking is None or taking.keys() == self._levels.by_worker.keys()):
            return
        self._kinds_due_at = now + _KINDS_S
        try:
            stated = worker_statements(self._client) or {}
        except redis.RedisError:
            return
        hosts = {name: one.host for name, one in stated.items() if one is not None and one.host is not None}
        kinds = {name: host.kind for name, host in hosts.items() if self._knows_kind(name, host)}
        found = WorkerKinds(kinds, hosts, self._keys())
        if found != self._told:
            self._told = found
            self._tell_kinds(found)
        if taking is not None:
            levels = {name: hosts[name].level if name in hosts else LEVELS[0] for name in taking}
            self._tell_levels(levels, helping=self._levels.helping)

    def _tell_levels(self, levels: Mapping[str, int], *, helping: bool) -> None:
        """Report which workers take jobs of which classes, if that has changed."""
        found = WorkerLevels(levels, helping)
        if found != self._levels:
            self._levels = found
            self._tell_kinds(found)


def _lengths(client: redis.Redis) -> Mapping[str, int] | None:
    """The length of each queue of jobs; None if Redis does not answer or refuses."""
    try:
        return queue_lengths(client)
    except redis.RedisError:
        return None


def has_sign(client: redis.Redis) -> bool | None:
    """Whether the workers' sign is there; None if Redis does not answer or refuses.

    While Redis takes no writes, e.g. because it is full, no worker can renew the sign, so its absence says nothing.
    A sign with a longer lifetime than workers give it is shortened: it was not written by a worker of this farm.
    """
    try:
        left_ms = int(client.pttl(WORKERS_KEY))
        if left_ms == -1 or left_ms > WORKERS_KEY_TTL_MS:
            client.pexpire(WORKERS_KEY, WORKERS_KEY_TTL_MS)
        if left_ms == -2:
            # this write changes nothing, and is refused if a worker's write would be
            client.set(WORKERS_KEY, "", px=WORKERS_KEY_TTL_MS, xx=True)
    except redis.RedisError:
        return None
    return left_ms != -2
