"""One miner's account on a real ledger in memory, and what is found in it."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.answers import Registration
from fleet.domain.causes import Difference, Loss
from fleet.domain.effects import Effect, Found, JobMoved, JobOpened, SessionOpened, Write
from fleet.domain.jobs import Job, JobOrigin, JobState
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.money.balance import MinerAccount
from fleet.server.protocol import parse_heartbeat, parse_receipt, parse_registration, parse_totals

MINER = "rig-a1"
#: Unix seconds at which the server made its record of the miner, and made it anew
RECORD, ANEW = 1_790_000_000, 1_790_000_060


class Desk:
    """One miner's account on a real ledger in memory; answers come as the server's JSON."""

    def __init__(self) -> None:
        self.engine = open_engine("sqlite://")
        self.ledger = Ledger(self.engine, "neonet-main")
        self.restart()
        self.numbers = iter(range(1000))

    def restart(self) -> None:
        """Another coordinator starts; it has not asked the server for anything yet."""
        self.saved = self.ledger.saved_miner(MINER)
        self.account = MinerAccount(MINER, self.saved)

    def commit(self, effects: list[Effect]) -> list[Effect]:
        self.ledger.commit([effect for effect in effects if isinstance(effect, Write)])
        return effects

    def job(self, reward: float) -> Job:
        job = Job(
            job_id=f"job-{next(self.numbers)}",
            job_type="data_hash",
            data={"size": 10},
            reward=Decimal(repr(reward)),
            origin=JobOrigin.NEXT,
            timeout_s=60.0,
        )
        opened = JobOpened(job=job, miner_id=MINER, session_id="s1", state=JobState.ASSIGNED, attempt=1)
        self.commit([opened])
        return job

    def end(self, job: Job, state: JobState, loss: Loss | None = None) -> None:
        moved = JobMoved(
            job_id=job.job_id, state=state, attempt=1, strikes=0, sends=1, mended=False, loss=loss, cause=None
        )
        self.commit([moved])

    def registers(
        self, total: float, jobs: int, *, new: bool = False, record: int | None = RECORD, unresolved: bool = False
    ) -> list[Effect]:
        known = {"total_rewards": total, "total_tasks": jobs, "registered_at": record}
        answer: dict[str, object] = {"success": False, "error": "Already registered", "contributor": known}
        registration: Registration = parse_registration({"success": True} if new else answer)
        return self.commit(self.account.registered(registration, unresolved=unresolved))

    def session(self, *, adopted: bool = False) -> None:
        """A session of which the ledger knows nothing, unless an earlier life left it open."""
        self.account.session_opened("s1", self.saved.session, adopted=adopted)
        self.commit([SessionOpened(miner_id=MINER, session_id="s1", offset=self.account.session_offset)])

    def paid(self, *rewards: float) -> None:
        for reward in rewards:
            job, receipt = self.job(reward), parse_receipt({"success": True, "reward": reward})
            self.end(job, JobState.ACCEPTED)
            self.commit([self.account.job_paid(job, receipt.reward, True, receipt.total_rewards, again=False)])

    def claimed(self, *rewards: float) -> None:
        """The answer was lost; the same submission again says that it is completed already."""
        for reward in rewards:
            job = self.job(reward)
            self.end(job, JobState.ALREADY_COMPLETED)
            self.commit([self.account.job_paid(job, job.reward, False, None, again=False)])

    def lost(self, *rewards: float) -> list[Job]:
        """The answer was lost, and nothing ever told."""
        jobs = [self.job(reward) for reward in rewards]
        for job in jobs:
            self.end(job, JobState.EXPIRED, Loss.ANSWER_LOST)
            self.commit(self.account.answer_lost(job))
        return jobs

    def beats(self, reward: float) -> None:
        answer = parse_heartbeat({"status": "active", "reward": reward})
        self.commit(self.account.heartbeat(answer))

    def beats_silently(self) -> None:
        """A heartbeat whose answer names no reward."""
        self.commit(self.account.heartbeat(parse_heartbeat({"status": "active"})))

    def sums(self, earned: float, *, unresolved: bool = False) -> None:
        answer = parse_heartbeat({"status": "active", "rewards_earned": earned})
        self.commit(self.account.heartbeat(answer, unresolved=unresolved))

    def states(self, total: float, jobs: int | None, record: int | None = RECORD) -> list[Effect]:
        contributor = {"total_rewards": total, "total_tasks": jobs, "registered_at": record}
        return self.commit(self.account.compare(parse_totals({"contributor": contributor})))


def desk() -> Desk:
    made = Desk()
    made.registers(100.0, 5)
    return made


def found(effects: list[Effect]) -> list[Difference]:
    return [effect.finding.kind for effect in effects if isinstance(effect, Found)]
