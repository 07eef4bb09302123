"""Counts active miners: sessions, sessions with a recent heartbeat, strangers. Past a limit, the service shuts down."""

from __future__ import annotations

from fleet.simulator.strangers import Strangers

#: seconds for which a heartbeat makes its session active (docs/protocol-notes.md, 10)
RECENT_S = 60.0
#: seconds for which a server that has initiated its shutdown still answers
SHUTDOWN_S = 60.0


class Census:
    """The two numbers of active miners that rewards depend on. A session's start counts as its first heartbeat."""

    def __init__(self, strangers: Strangers, now: float, *, shutdown_at: int = 0) -> None:
        """Strangers follow their schedule from `now` on; at `shutdown_at` miners the service ends."""
        self.shutdown_at = shutdown_at
        self._schedule = strangers
        self._since = now
        #: the number of other people's sessions, which all send heartbeats
        self.strangers = strangers.number_at(0.0)
        self.forget()

    def forget(self) -> None:
        """Forget every session; strangers return at once."""
        #: the number of sessions that were not stopped
        self.sessions = 0
        #: Unix second of the last heartbeat by session, oldest first
        self._beats: dict[str, float] = {}
        self.strangers_seen = self.strangers
        self._shutdown_since: float | None = None
        #: whether the server has ended its service and answers no more
        self.is_down = False

    def invite(self, strangers: Strangers, now: float) -> None:
        """Replace the schedule of strangers by one that starts now."""
        self._schedule, self._since = strangers, now
        self.pass_time(now)

    def pass_time(self, now: float) -> None:
        """Apply the schedule of strangers up to `now`, in Unix seconds."""
        self.strangers = self._schedule.number_at(now - self._since)
        self.strangers_seen = max(self.strangers_seen, self.strangers)
        if self.shutdown_at and self._shutdown_since is None and self.sessions + self.strangers >= self.shutdown_at:
            self._shutdown_since = now
        self.is_down = self._shutdown_since is not None and now >= self._shutdown_since + SHUTDOWN_S

    @property
    def shutdown_initiated(self) -> bool:
        """Whether the number of miners that ends the service has been reached."""
        return self._shutdown_since is not None

    def open(self, session_id: str, now: float) -> None:
        """Count a new session."""
        self.sessions += 1
        self._beats[session_id] = now

    def beat(self, session_id: str, now: float) -> None:
        """Count a session's heartbeat."""
        self._beats.pop(session_id, None)
        self._beats[session_id] = now

    def close(self, session_id: str) -> None:
        """Remove a session."""
        self.sessions -= 1
        self._beats.pop(session_id, None)

    @property
    def active(self) -> int:
        """The miners that share a job's budget: every session that was not stopped, with heartbeats or without."""
        return max(1, self.sessions + self.strangers)

    def beating(self, now: float) -> int:
        """The miners that share a heartbeat's budget: those with a heartbeat within the last `RECENT_S` seconds."""
        while self._beats:
            oldest = next(iter(self._beats))
            if self._beats[oldest] > now - RECENT_S:
                break
            del self._beats[oldest]
        return max(1, len(self._beats) + self.strangers)
