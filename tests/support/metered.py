"""A farm's requests to a server with a sliding window, controlled by the governor alone, in virtual time."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from fleet.domain.calls import CallKind, Urgency
from fleet.ratelimit.governor import Governor

_ORDER = (Urgency.HEARTBEAT, Urgency.SUBMISSION, Urgency.FETCH)
_HEARTBEAT_S = 30.0
_KERNEL_S = 0.005
_CALLS = 16


class Window:
    """A server's sliding window. Refused requests don't count."""

    def __init__(self, limit: int, window_s: float, *, used: int = 0) -> None:
        self.limit = limit
        self.window_s = window_s
        self._times = deque([0.0] * used)

    def admits(self, now: float) -> bool:
        """Whether a request that arrives at `now` is served. If so, it counts."""
        while self._times and self._times[0] <= now - self.window_s:
            self._times.popleft()
        if len(self._times) >= self.limit:
            return False
        self._times.append(now)
        return True


@dataclass(kw_only=True, slots=True)
class Traffic:
    """The requests of a run: when each was served or refused, and how late each heartbeat was sent. In seconds."""

    served: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    #: when the heartbeat was due, and seconds until its answer
    heartbeats: list[tuple[float, float]] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)

    def share(self, server: Window, start_s: float, end_s: float) -> float:
        """Requests sent between `start_s` and `end_s`, as a share of those that the server would have served."""
        served = sum(start_s <= at < end_s for at in self.served)
        return served / (server.limit * (end_s - start_s) / server.window_s)


class Metered:
    """`miners` that fetch, compute and submit without a rest, and heartbeat every 30 s.

    Parameters:
        late_s: up to so many seconds pass between the governor's word and the request's departure.
        together: all sessions are opened at the start, and heartbeat at the same moments.
    """

    def __init__(
        self,
        governor: Governor,
        server: Window,
        *,
        miners: int,
        rtt_s: float = 0.02,
        late_s: float = 0.0,
        together: bool = False,
        seed: int = 1,
    ) -> None:
        self._governor = governor
        self._server = server
        self._rtt_s = rtt_s
        self._late_s = late_s
        self._rng = random.Random(seed)
        self._events: list[tuple[float, int, tuple[object, ...]]] = []
        self._numbers = itertools.count()
        self._ready = {urgency: deque[int]() for urgency in _ORDER}
        self._ready[Urgency.FETCH].extend(range(miners))
        self._due: dict[int, float] = {}
        self._open = 0
        self._free = _CALLS
        self._ticks: set[float] = set()
        self.traffic = Traffic(jobs=[0] * miners)
        for miner in range(miners):
            if together:
                governor.sent(0.0, CallKind.START_SESSION, awaited=False)
                server.admits(0.0)
            self._at(_HEARTBEAT_S if together else self._rng.uniform(0, _HEARTBEAT_S), "beat", miner)
        self._at(0.0, "tick")

    def change(self, at_s: float, limit: int) -> None:
        """The server allows another number of requests from `at_s` on."""
        self._at(at_s, "limit", limit)

    def other_program(self, start_s: float, end_s: float, every_s: float) -> None:
        """Another program behind the same address sends requests, too."""
        moment = start_s
        while moment < end_s:
            self._at(moment, "other")
            moment += every_s

    def run(self, until_s: float) -> Traffic:
        """Let time pass."""
        while self._events and self._events[0][0] < until_s:
            now, _, (kind, *values) = heapq.heappop(self._events)
            self._happen(now, str(kind), values)
            self._send(now)
        return self.traffic

    def _at(self, moment: float, *event: object) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), event))

    def _happen(self, now: float, kind: str, values: Sequence[object]) -> None:
        match kind, *values:
            case ("tick",):
                self._ticks.discard(now)
            case "beat", int(miner):
                self._ready[Urgency.HEARTBEAT].append(miner)
                self._due[miner] = now
            case "limit", int(limit):
                self._server.limit = limit
            case ("other",):
                self._server.admits(now)
            case "arrival", Urgency() as urgency, int(miner), float(sent_at):
                admitted = self._server.admits(now)
                (self.traffic.served if admitted else self.traffic.refused).append(now)
                self._at(now + self._half_way(), "answer", urgency, miner, sent_at, admitted)
            case "answer", Urgency() as urgency, int(miner), float(sent_at), bool(admitted):
                self._free += 1
                if admitted:
                    self._governor.answered(sent_at, now, now)
                    self._served(urgency, miner, now, sent_at)
                else:
                    self._open -= urgency is Urgency.FETCH
                    self._governor.rate_limited(None, sent_at, now)
                    self._ready[urgency].append(miner)
            case "computed", int(miner):
                self._ready[Urgency.SUBMISSION].append(miner)

    def _served(self, urgency: Urgency, miner: int, now: float, sent_at: float) -> None:
        if urgency is Urgency.FETCH:
            self._at(now + _KERNEL_S, "computed", miner)
        elif urgency is Urgency.SUBMISSION:
            self._open -= 1
            self.traffic.jobs[miner] += 1
            self._ready[Urgency.FETCH].append(miner)
        else:
            self.traffic.heartbeats.append((self._due[miner], now - self._due[miner]))
            self._at(sent_at + _HEARTBEAT_S, "beat", miner)

    def _send(self, now: float) -> None:
        for urgency in _ORDER:
            queue = self._ready[urgency]
            while queue and self._free > 0:
                free_at = self._governor.free_at(urgency, self._open, now)
                if free_at > now:
                    tick_at = max(free_at, now + 0.001)
                    if tick_at < min(self._ticks, default=float("inf")):
                        self._ticks.add(tick_at)
                        self._at(tick_at, "tick")
                    return
                self._governor.sent(now, CallKind.HEARTBEAT if urgency is Urgency.HEARTBEAT else None)
                self._free -= 1
                self._open += urgency is Urgency.FETCH
                sent_at = now + self._late_s * self._rng.random()
                self._at(sent_at + self._half_way(), "arrival", urgency, queue.popleft(), sent_at)

    def _half_way(self) -> float:
        return self._rtt_s / 2 * self._rng.uniform(1.0, 2.0)
