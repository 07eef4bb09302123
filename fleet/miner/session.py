"""A miner's running session: when its next heartbeat is due, and what the heartbeat reports."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.domain.jobs import Usage
from fleet.domain.saved_state import OpenSession


@dataclass(kw_only=True, slots=True)
class Session:
    """A running session. Times are monotonic seconds."""

    session_id: str
    heartbeat_s: float
    heartbeat_at: float
    last_beat_at: float
    #: number of paid jobs of this session
    completed: int = 0
    #: kernel time since the last heartbeat, in milliseconds
    compute_ms: float = 0.0

    @classmethod
    def opened(cls, session_id: str, heartbeat_s: float, known: OpenSession | None, now: float) -> Session:
        """A session that starts now, or continues from its state in the ledger."""
        age = min(known.heartbeat_age_s, heartbeat_s) if known else 0.0
        return cls(
            session_id=session_id,
            heartbeat_s=heartbeat_s,
            heartbeat_at=now - age + heartbeat_s,
            last_beat_at=now - age,
            completed=known.completed if known else 0,
        )

    def beaten(self, sent_at: float) -> None:
        """Record a heartbeat. The next one is due `heartbeat_s` after this one was sent."""
        self.last_beat_at, self.compute_ms = sent_at, 0.0
        self.heartbeat_at = sent_at + self.heartbeat_s

    def usage(self) -> Usage:
        """The miner's real usage: kernel time as a share of the time between two heartbeats."""
        elapsed_ms = max(self.heartbeat_at - self.last_beat_at, 1.0) * 1000
        return Usage(cpu_percent=round(min(100.0, 100.0 * self.compute_ms / elapsed_ms), 1))
