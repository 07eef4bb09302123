"""A running session of a miner: when it must be heard of, and what it may truthfully report."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.domain.jobs import OpenSession, Usage


@dataclass(kw_only=True, slots=True)
class Session:
    """Times are monotonic seconds."""

    session_id: str
    heartbeat_s: float
    heartbeat_at: float
    last_beat_at: float
    #: jobs of this session that were paid
    completed: int = 0
    #: time inside kernels since the last heartbeat
    compute_ms: float = 0.0

    @classmethod
    def opened(cls, session_id: str, heartbeat_s: float, known: OpenSession | None, now: float) -> Session:
        """A session that starts now, or goes on where the ledger left it."""
        age = min(known.heartbeat_age_s, heartbeat_s) if known else 0.0
        return cls(
            session_id=session_id,
            heartbeat_s=heartbeat_s,
            heartbeat_at=now - age + heartbeat_s,
            last_beat_at=now - age,
            completed=known.completed if known else 0,
        )

    def beaten(self, sent_at: float) -> None:
        """A heartbeat went out: the next one comes at the instructed pace, counted from its sending."""
        self.last_beat_at, self.compute_ms = sent_at, 0.0
        self.heartbeat_at = sent_at + self.heartbeat_s

    def usage(self) -> Usage:
        """Time inside kernels as a share of the time since the last heartbeat: what this miner really used."""
        elapsed_ms = max(self.heartbeat_at - self.last_beat_at, 1.0) * 1000
        return Usage(cpu_percent=round(min(100.0, 100.0 * self.compute_ms / elapsed_ms), 1))
