"""The simulator's counters, for tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class Counters:
    """Counts since the start, which a forgetting does not reset."""

    #: requests by endpoint, refused ones included
    requests: dict[str, int] = field(default_factory=dict)
    #: jobs handed out for the first time, by endpoint
    assigned: dict[str, int] = field(default_factory=dict)
    #: fetches answered with the job that was already pending
    assigned_again: int = 0
    accepted: int = 0
    #: submissions answered "Invalid result format"
    invalid: int = 0
    #: submissions of a job that was already completed
    completed_again: int = 0
    #: requests that the rate limit refused
    refused_429: int = 0
    #: requests from banned addresses
    refused_403: int = 0
    sessions_started: int = 0
    sessions_stopped: int = 0
    heartbeats: int = 0
    #: shortest and longest time between two heartbeats of one session, in seconds
    heartbeat_interval_min_s: float | None = None
    heartbeat_interval_max_s: float | None = None
    forgotten: int = 0

    def request(self, endpoint: str) -> None:
        """Count a request."""
        self.requests[endpoint] = self.requests.get(endpoint, 0) + 1

    def assign(self, endpoint: str) -> None:
        """Count a new job."""
        self.assigned[endpoint] = self.assigned.get(endpoint, 0) + 1

    def heartbeat(self, interval_s: float | None) -> None:
        """Count a heartbeat and the seconds since the session's last one, or None for its first."""
        self.heartbeats += 1
        if interval_s is None:
            return
        least, most = self.heartbeat_interval_min_s, self.heartbeat_interval_max_s
        self.heartbeat_interval_min_s = interval_s if least is None else min(least, interval_s)
        self.heartbeat_interval_max_s = interval_s if most is None else max(most, interval_s)

    def snapshot(self) -> dict[str, object]:
        """All counts as JSON values."""
        stated: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return {
            **stated,
            "requests": dict(self.requests),
            "assigned": dict(self.assigned),
            "requests_total": sum(self.requests.values()),
            "assigned_total": sum(self.assigned.values()),
        }
