"""The state of the simulated network, and the effect of each call on it. No I/O; the clock is passed in.

One file: each call changes miners, sessions, jobs and payments together.
"""

from __future__ import annotations

from random import Random
from uuid import UUID

from fleet.simulator.answers import encode_raw
from fleet.simulator.assignments import JobMaker, Tamper
from fleet.simulator.cashier import Cashier
from fleet.simulator.census import Census
from fleet.simulator.counters import Counters
from fleet.simulator.dialects import Dialect, HeartbeatPay
from fleet.simulator.errors import CrashError, RefusalError
from fleet.simulator.joblist import JobIdState, JobList
from fleet.simulator.records import Contributor, JobRecord, SessionRecord, contributor_stated, session_stated
from fleet.simulator.validation import (
    HeartbeatBody,
    RegistrationBody,
    SessionStartBody,
    SessionStopBody,
    SubmissionBody,
    valid_result,
)

Reply = dict[str, object]

_STARTED = "Session started! Your computer is now contributing to NeoNet AI."
_ENDED = "Session ended. Thank you for contributing to NeoNet AI!"
_HEARTBEATS = "Send heartbeats to /ai-energy/heartbeat every 30 seconds"
_INVALID_RESULT: Reply = {"success": False, "error": "Invalid result format", "reward": 0}


class World:
    """Contributors, sessions and jobs of one server.

    Payments go through `cashier` and counts through `counters`, which both survive `forget`.
    """

    def __init__(
        self,
        *,
        dialect: Dialect,
        maker: JobMaker,
        jobs: JobList,
        census: Census,
        rng: Random,
        cashier: Cashier,
        counters: Counters,
        started_at: float,
    ) -> None:
        self.dialect = dialect
        #: who is active
        self.census = census
        self.cashier = cashier
        self.counters = counters
        #: Unix seconds
        self.started_at = started_at
        self.jobs = jobs
        self._maker = maker
        self._rng = rng
        self._clear()

    def _clear(self) -> None:
        self.contributors: dict[str, Contributor] = {}
        self.sessions: dict[str, SessionRecord] = {}
        #: sum over stopped sessions, in hours
        self.compute_hours = 0.0

    def pass_time(self, now: float) -> None:
        """Do what the server does by itself until `now`: save balances, and let strangers come and go."""
        self.census.pass_time(now)
        self.cashier.wallets.pass_time(now)

    def forget(self) -> None:
        """Lose everything that a server loses when it restarts."""
        self._clear()
        self.jobs.forget()
        self.census.forget()
        self.cashier.forget()
        self.counters.forgotten += 1

    def register(self, body: RegistrationBody, now: float) -> Reply:
        """Create a contributor; then raises CrashError in a release that answers 500 after the deed."""
        name = body.contributor_id.lower()
        known = self.contributors.get(name)
        if known is not None:
            return {"success": False, "error": "Already registered", "contributor": contributor_stated(known)}
        self.contributors[name] = Contributor(
            contributor_id=name,
            cpu_cores=body.cpu_cores,
            gpu_memory_mb=body.gpu_memory_mb,
            gpu_model=body.gpu_model,
            registered_at=int(now),
        )
        self._crash_on("register")
        return {
            "success": True,
            "message": "Registered as AI energy contributor. Start a session to begin contributing.",
            "contributor_id": name,
            "next_step": "Call /ai-energy/start-session to begin contributing",
        }

    def start_session(self, body: SessionStartBody, now: float, tamper: Tamper | None = None) -> Reply:
        """Start a session with its first job. Refuses an unregistered miner."""
        contributor = self.contributors.get(body.contributor_id.lower())
        if contributor is None:
            raise RefusalError(400, "Not registered. Call /ai-energy/register first")
        if contributor.session is not None:
            running = contributor.session.session_id
            return {"success": False, "error": "Session already active", "session_id": running}
        session = SessionRecord(
            session_id=str(UUID(int=self._rng.getrandbits(128), version=4)),
            contributor_id=contributor.contributor_id,
            started=now,
            last_heartbeat=now,
        )
        self.sessions[session.session_id] = contributor.session = session
        self.census.open(session.session_id, now)
        self.counters.sessions_started += 1
        return {
            "success": True,
            "session_id": session.session_id,
            "message": _STARTED,
            "initial_task": self._assign(contributor, session, "start-session", now, tamper)[1],
            "instructions": _HEARTBEATS,
        }

    def fetch(self, contributor_id: str, now: float, tamper: Tamper | None = None) -> bytes:
        """The pending job, or a new one. Refuses an unregistered miner and one without a session."""
        contributor = self.contributors.get(contributor_id.lower())
        if contributor is None:
            raise RefusalError(404, "Contributor not registered")
        if contributor.session is None:
            raise RefusalError(400, "No active session. Start a session first.")
        if contributor.pending is None:
            job, stated = self._assign(contributor, contributor.session, "task", now, tamper)
            job.body = encode_raw(stated)
            contributor.pending = job
        else:
            self.counters.assigned_again += 1
        return contributor.pending.body

    def submit(self, body: SubmissionBody, now: float) -> Reply:
        """Check a result and pay the submitter, regardless of who fetched the job and of the session.

        Refuses unknown and completed jobs; raises CrashError after the payment in a release that answers 500 after the
        deed.
        """
        state, job = self.jobs.look_up(body.task_id)
        if state is JobIdState.UNKNOWN or (job is None and state is JobIdState.OPEN):
            raise RefusalError(404, "Task not found")
        if job is None:
            self.counters.completed_again += 1
            raise RefusalError(400, "Task already completed")
        contributor = self.contributors.get(body.contributor_id.lower())
        if contributor is None:
            raise RefusalError(404, "Contributor not registered")
        if not valid_result(job.job_type, body.result):
            self.counters.invalid += 1
            self._unblock(job)
            return _INVALID_RESULT
        self._accept(contributor, job, now)
        self._crash_on("submit-result")
        self.cashier.count(self.sessions.get(body.session_id), 1, job.reward)
        return {
            "success": True,
            "task_id": body.task_id,
            "reward": job.reward,
            "total_rewards": contributor.total_rewards,
            "balance": self.cashier.wallets.balance(contributor.contributor_id),
            "message": f"Task completed! You earned {job.reward:.4f} NNET",
        }

    def heartbeat(self, body: HeartbeatBody, now: float, tamper: Tamper | None = None) -> Reply:
        """Record a heartbeat and pay what the release pays for it. Refuses unknown sessions and those of others."""
        session = self._session(body)
        contributor = self.contributors[session.contributor_id]
        interval_s = now - session.last_heartbeat
        self.counters.heartbeat(interval_s if session.heartbeats else None)
        session.beat(cpu_usage=body.cpu_usage, gpu_usage=body.gpu_usage, now=now)
        if session.active:
            self.census.beat(session.session_id, now)
        if self.dialect.heartbeat_pay is HeartbeatPay.COUNT:
            self._pay_count(contributor, session, body.tasks_completed, now)
        reply: Reply = {
            "success": True,
            "session_id": session.session_id,
            "compute_time": session.compute_seconds,
        }
        if not self.dialect.next_job:
            reward = self._pay_beat(contributor, session, interval_s, now)
            reply |= {"reward": reward, "active_providers": self.census.beating(now)}
            reply |= {"total_rewards": contributor.total_rewards, "status": "active"}
            return reply
        reply |= {"tasks_completed": session.tasks_completed, "rewards_earned": session.rewards_earned}
        reply |= {"next_task": self._assign(contributor, session, "heartbeat", now, tamper)[1], "status": "active"}
        return reply

    def stop_session(self, body: SessionStopBody, now: float) -> Reply:
        """End a session, any number of times. Refuses unknown sessions and those of others."""
        session = self._session(body)
        contributor = self.contributors[session.contributor_id]
        if session.active:
            session.active = False
            session.compute_seconds = int(now - session.started)
            self.census.close(session.session_id)
            self.counters.sessions_stopped += 1
            contributor.session = None
            contributor.total_compute_hours += session.compute_seconds / 3600
            self.compute_hours += session.compute_seconds / 3600
        return {
            "success": True,
            "session_id": session.session_id,
            "summary": {
                "compute_hours": session.compute_seconds / 3600,
                "tasks_completed": session.tasks_completed,
                "rewards_earned": session.rewards_earned,
                "avg_cpu_usage": session.cpu_usage_avg,
                "avg_gpu_usage": session.gpu_usage_avg,
            },
            "message": _ENDED,
        }

    def contributor(self, contributor_id: str) -> Reply:
        """A contributor's page. Refuses an unregistered miner; raises CrashError in a release that answers 500."""
        contributor = self.contributors.get(contributor_id.lower())
        if contributor is None:
            raise RefusalError(404, "Contributor not found")
        self._crash_on("contributor")
        session = contributor.session
        return {
            "contributor": contributor_stated(contributor),
            "current_session": session_stated(session) if session else None,
            "balance": self.cashier.wallets.balance(contributor.contributor_id),
        }

    def _crash_on(self, endpoint: str) -> None:
        if endpoint in self.dialect.crashes:
            raise CrashError(endpoint)

    def _session(self, body: HeartbeatBody | SessionStopBody) -> SessionRecord:
        session = self.sessions.get(body.session_id)
        if session is None:
            raise RefusalError(400, "Session not found")
        if session.contributor_id != body.contributor_id.lower():
            raise RefusalError(403, "Session belongs to another contributor")
        return session

    def _assign(
        self, contributor: Contributor, session: SessionRecord, endpoint: str, now: float, tamper: Tamper | None
    ) -> tuple[JobRecord, Reply]:
        drawn = self._maker.draw(contributor.contributor_id, contributor.jobs_drawn)
        contributor.jobs_drawn += 1
        session.tasks_assigned += 1
        self.counters.assign(endpoint)
        fetcher = contributor.contributor_id if endpoint == "task" else None
        reward = self._maker.reward(drawn, self.census.active)
        number = self.jobs.next_number
        job = JobRecord(number=number, job_type=drawn.job_type, reward=reward, contributor_id=fetcher)
        self.jobs.add(job)
        stated = self._maker.stated(
            drawn,
            job_id=self.jobs.job_id(number),
            session_id=session.session_id,
            contributor_id=fetcher,
            reward=reward,
            active_miners=self.census.active,
            now=now,
        )
        return job, tamper(stated) if tamper else stated

    def _accept(self, contributor: Contributor, job: JobRecord, now: float) -> None:
        self.jobs.complete(job)
        self._unblock(job)
        self.counters.accepted += 1
        contributor.last_completed = job.number
        self.cashier.pay_job(contributor, job, now)

    def _unblock(self, job: JobRecord) -> None:
        if fetcher := self.contributors.get(job.contributor_id or ""):
            fetcher.unblock(job)

    def _pay_count(self, contributor: Contributor, session: SessionRecord, reported: int, now: float) -> None:
        counted = session.tasks_completed
        if reported > counted:
            bonus = self._maker.bonus(contributor.contributor_id, counted, reported)
            self.cashier.pay_bonus(contributor, session, reported - counted, bonus, now)

    def _pay_beat(self, contributor: Contributor, session: SessionRecord, interval_s: float, now: float) -> float:
        if self.dialect.heartbeat_pay is not HeartbeatPay.BEAT:
            return 0.0
        reward = self._maker.heartbeat_reward(interval_s, self.census.beating(now))
        if reward:
            self.cashier.pay_beat(contributor, session, reward, now)
        return reward
