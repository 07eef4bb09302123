"""The server's records of miners, sessions and jobs, which the world changes in place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True, slots=True)
class SessionRecord:
    """One session of a contributor."""

    session_id: str
    contributor_id: str
    #: Unix seconds with a fraction
    started: float
    last_heartbeat: float
    #: computing time up to the last counted heartbeat, in whole seconds
    compute_seconds: int = 0
    tasks_assigned: int = 0
    tasks_completed: int = 0
    #: percent, a moving average that gives half of its weight to the newest value
    cpu_usage_avg: float = 0.0
    gpu_usage_avg: float = 0.0
    #: NNET, summed in floats as the real servers do
    rewards_earned: float = 0.0
    active: bool = True
    #: number of heartbeats, and the shortest and longest time between two, in seconds
    heartbeats: int = 0
    shortest_interval_s: float | None = None
    longest_interval_s: float | None = None
    #: seconds between the last heartbeat and the one before, or the session's start
    last_interval_s: float | None = None

    def beat(self, *, cpu_usage: float, gpu_usage: float, now: float) -> None:
        """Record a heartbeat. A stopped session keeps its time and its averages."""
        interval_s = now - self.last_heartbeat
        if self.heartbeats:
            least, most = self.shortest_interval_s, self.longest_interval_s
            self.shortest_interval_s = interval_s if least is None else min(least, interval_s)
            self.longest_interval_s = interval_s if most is None else max(most, interval_s)
        self.heartbeats += 1
        self.last_heartbeat = now
        self.last_interval_s = interval_s
        if self.active:
            self.compute_seconds = int(now - self.started)
            self.cpu_usage_avg = (self.cpu_usage_avg + cpu_usage) / 2
            self.gpu_usage_avg = (self.gpu_usage_avg + gpu_usage) / 2


@dataclass(kw_only=True, slots=True)
class JobRecord:
    """A job that was handed out and isn't completed yet."""

    number: int
    job_type: str
    #: NNET paid when it is accepted
    reward: float
    #: the fetching miner; None for a job that came with a session's start or a heartbeat
    contributor_id: str | None
    #: the fetched job as it was sent, to be repeated
    body: bytes = b""


@dataclass(kw_only=True, slots=True)
class Contributor:
    """One registered miner."""

    contributor_id: str
    cpu_cores: int
    gpu_memory_mb: int
    gpu_model: str
    #: Unix second
    registered_at: int
    total_compute_hours: float = 0.0
    total_tasks: int = 0
    #: NNET, summed in floats as the real servers do
    total_rewards: float = 0.0
    session: SessionRecord | None = None
    #: the fetched job that blocks the next fetch
    pending: JobRecord | None = None
    #: number of the job that this miner last completed
    last_completed: int | None = None
    #: number of jobs drawn for this miner, which seeds the next one's data
    jobs_drawn: int = 0

    def unblock(self, job: JobRecord) -> None:
        """Let this miner fetch again, if it was the job that blocked it."""
        if self.pending is job:
            self.pending = None
            job.body = b""


def contributor_stated(contributor: Contributor) -> dict[str, object]:
    """A contributor in the form of the API."""
    return {
        "id": contributor.contributor_id,
        "wallet_address": contributor.contributor_id,
        "cpu_cores": contributor.cpu_cores,
        "gpu_memory_mb": contributor.gpu_memory_mb,
        "gpu_model": contributor.gpu_model,
        "registered_at": contributor.registered_at,
        "total_compute_hours": contributor.total_compute_hours,
        "total_tasks": contributor.total_tasks,
        "total_rewards": contributor.total_rewards,
        "is_active": contributor.session is not None,
        "current_session": contributor.session.session_id if contributor.session else None,
    }


def session_stated(session: SessionRecord) -> dict[str, object]:
    """A session in the form of a contributor's page."""
    return {
        "session_id": session.session_id,
        "contributor_id": session.contributor_id,
        "started_at": int(session.started),
        "last_heartbeat": int(session.last_heartbeat),
        "compute_seconds": session.compute_seconds,
        "tasks_assigned": session.tasks_assigned,
        "tasks_completed": session.tasks_completed,
        "cpu_usage_avg": session.cpu_usage_avg,
        "gpu_usage_avg": session.gpu_usage_avg,
        "rewards_earned": session.rewards_earned,
        "status": "active" if session.active else "completed",
    }
