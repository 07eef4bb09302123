"""Creates jobs: type, data, reward and the JSON object sent to the miner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from random import Random

from fleet.simulator.dialects import Dialect
from fleet.simulator.jobs import DESCRIPTIONS, draw_data
from fleet.simulator.mix import TypeDraw
from fleet.simulator.rewards import WEIGHTS, heartbeat_reward, job_reward

#: a function that changes a new job's object before it is sent (a fault)
Tamper = Callable[[dict[str, object]], dict[str, object]]

TIMEOUT_S = 60
FORMULA = "Task_Weight * (Block_Budget / Active_Miners)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A drawn job, before it has an id."""

    job_type: str
    data: dict[str, object]
    #: 1 … 5
    difficulty: int


class JobMaker:
    """Draws jobs so that a miner's n-th job depends only on the seed, not on other miners."""

    def __init__(self, dialect: Dialect, draw_type: TypeDraw, seed: int) -> None:
        self._dialect = dialect
        self._draw_type = draw_type
        self._seed = seed
        self._rng = Random()

    def draw(self, miner: str, count: int) -> Drawn:
        """The miner's job number `count`."""
        text = f"{self._seed}\x00{miner}\x00{count}".encode("utf-8", "replace")
        self._rng.seed(int.from_bytes(blake2b(text, digest_size=8).digest(), "big"))
        job_type = self._draw_type(self._rng)
        data = draw_data(job_type, self._rng, older_share=self._dialect.older_share)
        return Drawn(job_type=job_type, data=data, difficulty=self._rng.randint(1, 5))

    def reward(self, drawn: Drawn, active_miners: int) -> float:
        """NNET paid for the job."""
        rule, sharing = self._dialect.reward_rule, self._dialect.sharing
        return job_reward(rule, sharing, drawn.job_type, difficulty=drawn.difficulty, active_miners=active_miners)

    def heartbeat_reward(self, elapsed_s: float, active_miners: int) -> float:
        """NNET paid for a heartbeat `elapsed_s` seconds after the one before, where the release pays for each."""
        rule, sharing = self._dialect.reward_rule, self._dialect.sharing
        return heartbeat_reward(rule, sharing, elapsed_s=elapsed_s, active_miners=active_miners)

    def bonus(self, miner: str, counted: int, reported: int) -> float:
        """NNET for the completed jobs beyond those counted, about 0.03 … 0.06 each."""
        rng = Random(f"{self._seed} {miner} {counted}")
        return sum(rng.uniform(0.03, 0.06) for _ in range(min(reported - counted, 10_000)))

    def stated(
        self,
        drawn: Drawn,
        *,
        job_id: str,
        session_id: str,
        contributor_id: str | None,
        reward: float,
        active_miners: int,
        now: float,
    ) -> dict[str, object]:
        """The job's object for the miner, in this release's fields."""
        job: dict[str, object] = {
            "task_id": job_id,
            "session_id": session_id,
            "contributor_id": contributor_id,
            "task_type": drawn.job_type,
            "data": drawn.data,
            "description": DESCRIPTIONS[drawn.job_type],
            "created_at": int(now),
            "status": "assigned",
            self._dialect.weight_field: WEIGHTS[drawn.job_type],
            "reward": reward,
            "reward_type": "issuance",
            "difficulty": drawn.difficulty,
            "timeout_seconds": TIMEOUT_S,
        }
        if self._dialect.states_formula:
            job["active_miners_at_creation"] = active_miners
            job["reward_formula"] = FORMULA
        if self._dialect.states_expiry:
            job["priority"] = "normal"
            job["expires_at"] = int(now) + TIMEOUT_S
        return job
