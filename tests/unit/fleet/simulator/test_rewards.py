"""What a job and a heartbeat pay: the rules, the pages that state them, and the income measured on a real server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet.simulator.endpoints import parse_request
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.rewards import WEIGHTS, RewardSharing
from fleet.simulator.simulator import Simulator
from fleet.simulator.strangers import parse_strangers
from tasks.jobtypes import JOB_TYPES

START = 1_800_000_000.0
#: requests in a window of 60 s, as on the measured server
LIMIT = 5000
LATER = RewardSharing(block_budget=0.1, least=0.0001, most=0.05)


class Farm:
    """Miners on one address, under a clock of their own, that leave the server no request of its limit unused."""

    def __init__(self, **options: Any) -> None:
        limit = RateLimit(requests=LIMIT)
        self.simulator = Simulator(SimulatorOptions(dialect="c", seed=3, rate_limit=limit, **options), now=START)
        self.now = START
        self.sessions: dict[str, str] = {}
        self.beaten: dict[str, float] = {}

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """The answer's JSON; None where the limit refuses the request."""
        call = parse_request(method, path, json.dumps(body).encode() if body else b"")
        if self.simulator.refusal(call, "farm", self.now - START) is not None:
            return None
        answer = self.simulator.perform(call, None, now=self.now, monotonic_s=self.now)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def submit(self, miner: str, job: Any) -> Any:
        """Submit a job with all that its type asks for."""
        result = dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
        session_id = self.sessions[miner]
        body = {"contributor_id": miner, "session_id": session_id, "task_id": job["task_id"], "result": result}
        return self.ask("POST", "/ai-energy/submit-result", **body)

    def open(self, miner: str) -> None:
        """Start a miner's session and do its first job."""
        self.ask("POST", "/ai-energy/register", contributor_id=miner)
        started = self.ask("POST", "/ai-energy/start-session", contributor_id=miner)
        self.sessions[miner], self.beaten[miner] = started["session_id"], self.now
        self.submit(miner, started["initial_task"])

    def beat(self, miner: str) -> Any:
        """Send a heartbeat where one is due."""
        if self.now < self.beaten[miner] + 30:
            return None
        self.beaten[miner] = self.now
        return self.ask("POST", "/ai-energy/heartbeat", contributor_id=miner, session_id=self.sessions[miner])

    def mine_for_a_minute(self, miners: int) -> tuple[int, float]:
        """Jobs and NNET of the minute in which `miners` sessions start, one after the other, and mine.

        Each miner has its first job before the next one starts: what is made while few are active pays the most.
        """
        begun = self.now
        names = [f"m-{number}" for number in range(miners)]
        fetched = {}
        for name in names:
            self.open(name)
            fetched[name] = self.ask("GET", f"/ai-energy/task/{name}")
        # heartbeats at the instructed pace come out of the limit, so jobs leave room for them
        jobs_requests = LIMIT - miners * (3 + 1)
        cycles = jobs_requests // 2
        for number in range(cycles):
            self.now = begun + 59 * number / cycles
            name = names[number % miners]
            self.beat(name)
            self.submit(name, fetched.pop(name, None) or self.ask("GET", f"/ai-energy/task/{name}"))
        assert self.simulator.counters.refused_429 == 0
        return self.simulator.counters.accepted, float(self.simulator.book.total())


@pytest.mark.parametrize(
    ("miners", "jobs", "nnet"), [(1, 2490, 69.15), (2, 2490, 69.17), (8, 2490, 17.19), (60, 2400, 2.70)]
)
def test_a_minute_pays_what_a_real_server_paid(miners: int, jobs: int, nnet: float) -> None:
    done, earned = Farm().mine_for_a_minute(miners)
    assert done == pytest.approx(jobs, rel=0.03)
    assert earned == pytest.approx(nnet, rel=0.03)


def test_without_a_cap_the_second_miner_halves_the_pay_of_a_job() -> None:
    farm = Farm(share_max=1.0)
    farm.open("m-1")
    alone = farm.ask("GET", "/api/rewards/current")["current_state"]["base_reward_per_miner"]
    farm.open("m-2")
    assert farm.ask("GET", "/api/rewards/current")["current_state"]["base_reward_per_miner"] == alone / 2 == 0.05


@pytest.mark.parametrize(
    ("active", "share"), [(0, 0.05), (1, 0.05), (2, 0.05), (4, 0.025), (1000, 0.0001), (1_000_000, 0.0001)]
)
def test_a_share_is_the_budget_over_the_active_miners_within_its_limits(active: int, share: float) -> None:
    assert LATER.share(active) == share


def test_a_reward_is_rounded_to_six_digits() -> None:
    assert LATER.reward(0.5, 7) == 0.007143
    assert LATER.reward(0.3, 30_000) == 0.00003


def test_a_reward_is_fixed_when_its_job_is_made() -> None:
    farm = Farm(strangers=parse_strangers("0@0,100@10s"))
    farm.open("m")
    job = farm.ask("GET", "/ai-energy/task/m")
    assert job["reward"] == round(WEIGHTS[job["task_type"]] * 0.05, 6)
    farm.now += 10
    assert farm.submit("m", job)["reward"] == job["reward"]
    later = farm.ask("GET", "/ai-energy/task/m")
    assert later["reward"] == round(WEIGHTS[later["task_type"]] * 0.1 / 101, 6)


def test_a_session_without_heartbeats_lowers_the_pay_of_jobs_and_not_that_of_heartbeats() -> None:
    farm = Farm()
    for number in range(4):
        farm.open(f"m-{number}")
    beats = []
    for _ in range(3):
        farm.now += 30
        beats.append(farm.beat("m-0"))
    assert [beat["active_providers"] for beat in beats] == [4, 1, 1]
    assert [beat["reward"] for beat in beats] == [0.025, 0.05, 0.05]
    job = farm.ask("GET", "/ai-energy/task/m-0")
    assert job["reward"] == round(WEIGHTS[job["task_type"]] * 0.1 / 4, 6)


def test_the_pages_state_the_budget_its_limits_and_what_each_type_pays() -> None:
    farm = Farm(strangers=parse_strangers("9"), block_budget=0.2, share_min=0.001, share_max=0.1)
    farm.open("m")
    rewards = farm.ask("GET", "/api/rewards/current")
    assert rewards["limits"] == {"min": 0.001, "max": 0.1}
    state = rewards["current_state"]
    assert (state["active_miners"], state["block_budget"], state["base_reward_per_miner"]) == (10, 0.2, 0.02)
    job = farm.ask("GET", "/ai-energy/task/m")
    assert state["rewards_by_task"][job["task_type"]] == job["reward"]
    tokenomics = farm.ask("GET", "/api/tokenomics")
    assert tokenomics["dynamic_rewards"] == state
    assert tokenomics["reward_limits"] == {"min_per_miner": 0.001, "max_per_miner": 0.1}
