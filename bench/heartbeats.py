"""Lateness of heartbeats: every interval between two heartbeats of a session, by the simulator's clock."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

from bench.farms import Surroundings

#: interval that servers ask for, in seconds
INSTRUCTED_S = 30.0
#: seconds between two looks; intervals are at least `INSTRUCTED_S`, so none is missed
LOOK_EVERY_S = 20.0


class Watch:
    """Collects how late heartbeats came: those that fell due since the watch began, and those that fell due before."""

    def __init__(self, farm: Surroundings) -> None:
        self._farm = farm
        self._counted: dict[str, int] = {}
        self._began_at = time.time()
        self.late_s: list[float] = []
        self.late_before_s: list[float] = []
        self.look()

    def look(self) -> int:
        """Record the intervals that ended since the last look. Returns the number of running sessions."""
        sessions = self._farm.asked("sessions")["sessions"]
        for session in sessions:
            beats = session["heartbeats"]
            if beats > self._counted.get(session["session_id"], 0):
                late_s = max(0.0, session["last_interval_s"] - INSTRUCTED_S)
                due_before = session["last_heartbeat_at"] - late_s < self._began_at
                (self.late_before_s if due_before else self.late_s).append(late_s)
            self._counted[session["session_id"]] = beats
        return sum(session["status"] == "active" for session in sessions)

    def look_for(self, seconds: float) -> None:
        """Keep looking for `seconds`."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(left_s, LOOK_EVERY_S))
            self.look()


def percentile(values: Iterable[float], percent: int) -> float:
    """The percentile of at least one value."""
    known = sorted(values)
    if len(known) < 2:
        return known[0]
    return statistics.quantiles(known, n=100, method="inclusive")[percent - 1]
