"""What the server remembers of a miner, a session and a job; the world changes these records in place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True, slots=True)
class Session:
    """One session of a contributor."""

    session_id: str
    contributor_id: str
    #: Unix seconds, with fraction
    started: float
    last_heartbeat: float
    #: what the last counted heartbeat made of it, in whole seconds
    compute_seconds: int = 0
    tasks_assigned: int = 0
    tasks_completed: int = 0
    #: percent, a moving average that halves what came before
    cpu_usage_avg: float = 0.0
    gpu_usage_avg: float = 0.0
    #: NNET, summed in floats as the real servers do
    rewards_earned: float = 0.0
    active: bool = True
    #: heartbeats received, and the least and the most seconds between two
    heartbeats: int = 0
    shortest_interval_s: float | None = None
    longest_interval_s: float | None = None
    #: seconds from the start, or from the heartbeat before, to the last heartbeat
    last_interval_s: float | None = None

    def beat(self, *, cpu_usage: float, gpu_usage: float, now: float) -> None:
        """Take in a heartbeat; a stopped session keeps its time and its averages."""
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
class OpenJob:
    """A job that was handed out and isn't completed."""

    number: int
    job_type: str
    #: NNET paid when it is accepted
    reward: float
    #: the fetching miner; nothing for a job that came with a session's start or a heartbeat
    contributor_id: str | None
    #: the fetched job as it was sent, to be sent again
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
    session: Session | None = None
    #: the fetched job that blocks the next fetch
    pending: OpenJob | None = None
    #: number of the job that this miner completed last
    last_completed: int | None = None
    #: jobs drawn for this miner so far, which seeds the next one's data
    jobs_drawn: int = 0


def contributor_stated(contributor: Contributor) -> dict[str, object]:
    """A contributor as answers show it."""
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


def session_stated(session: Session) -> dict[str, object]:
    """A session as a contributor's page shows it."""
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
