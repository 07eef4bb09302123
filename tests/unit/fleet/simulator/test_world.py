"""The simulated network's rules, under a clock of our own.

One file: each rule has one short test, and all of them begin at the same site.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fleet.simulator.dialects import USUAL_TYPES
from fleet.simulator.endpoints import parse_request
from fleet.simulator.joblist import MOST_OPEN
from fleet.simulator.latency import Latency
from fleet.simulator.mix import Mix
from fleet.simulator.rewards import RewardRule
from fleet.simulator.strangers import parse_strangers
from tasks.jobtypes import JOB_TYPES
from tests.support.world_site import Site


@pytest.mark.parametrize(("dialect", "rule"), [("b", None), ("c", None), ("c", RewardRule.FRACTIONS)])
def test_each_receipt_states_what_the_book_holds(dialect: str, rule: RewardRule | None) -> None:
    site = Site(dialect, reward_rule=rule)
    site.start()
    rewards = [site.submit(site.fetch())[1]["reward"] for _ in range(200)]
    assert site.paid("m") == sum((Decimal(repr(reward)) for reward in rewards), Decimal(0))
    rows = [row for _, row in site.simulator.book.rows()]
    assert [row["amount"] for row in rows] == [format(Decimal(repr(reward)), "f") for reward in rewards]


@pytest.mark.parametrize("rule", [None, RewardRule.FRACTIONS])
def test_totals_are_float_sums_in_the_order_of_the_payments(rule: RewardRule | None) -> None:
    site = Site("c", reward_rule=rule)
    site.start()
    total = 0.0
    for _ in range(50):
        receipt = site.submit(site.fetch())[1]
        total += receipt["reward"]
        assert receipt["total_rewards"] == receipt["balance"] == total


def test_release_a_pays_before_it_crashes() -> None:
    site = Site("a")
    assert site.post("register", contributor_id="m") == (500, "Internal Server Error")
    assert site.post("register", contributor_id="M")[1]["error"] == "Already registered"
    site.post("start-session", contributor_id="m")
    job = site.fetch()
    assert site.submit(job) == (500, "Internal Server Error")
    assert site.paid("m") == Decimal(repr(job["reward"]))
    assert site.submit(job) == (400, {"detail": "Task already completed"})
    assert site.paid("m") == Decimal(repr(job["reward"]))


@pytest.mark.parametrize("dialect", ["a", "b"])
def test_a_heartbeat_that_reports_more_than_was_counted_is_paid_the_difference_of_the_stated_sums(dialect: str) -> None:
    site = Site(dialect)
    session_id = site.start()["session_id"]
    sums = [Decimal(0)]
    for reported in (3, 3, 10, 9, 40):
        site.now += 30
        beat = {"contributor_id": "m", "session_id": session_id, "tasks_completed": reported}
        sums.append(Decimal(repr(site.post("heartbeat", **beat)[1]["rewards_earned"])))
    assert sums[1] == sums[2] < sums[3] == sums[4] < sums[5]
    assert site.paid("m") == sums[-1]
    assert site.simulator.world.contributors["m"].total_tasks == 40


def test_many_bonuses_add_up_to_the_stated_sum_to_the_last_digit() -> None:
    site = Site("a")
    session_id = site.start()["session_id"]
    for reported in range(1, 200):
        answer = site.post("heartbeat", contributor_id="m", session_id=session_id, tasks_completed=reported)[1]
        assert site.paid("m") == Decimal(repr(answer["rewards_earned"]))


def test_a_true_count_earns_nothing_more_in_release_b() -> None:
    site = Site("b")
    session_id = site.start()["session_id"]
    for _ in range(5):
        site.submit(site.fetch())
    before = site.paid()
    answer = site.post("heartbeat", contributor_id="m", session_id=session_id, tasks_completed=5)[1]
    assert (answer["tasks_completed"], site.paid()) == (5, before)


@pytest.mark.parametrize("rule", [None, RewardRule.FRACTIONS])
def test_release_c_pays_a_heartbeat_unless_it_comes_too_soon(rule: RewardRule | None) -> None:
    site = Site("c", reward_rule=rule)
    session_id = site.start()["session_id"]
    rewards = []
    for pause_s in (30, 10, 24, 30):
        site.now += pause_s
        answer = site.post("heartbeat", contributor_id="m", session_id=session_id)[1]
        rewards.append(answer["reward"])
        assert "next_task" not in answer
        assert answer["active_providers"] == 1
    assert [reward > 0 for reward in rewards] == [True, False, False, True]
    assert site.paid("m") == sum((Decimal(repr(reward)) for reward in rewards), Decimal(0))


def test_jobs_of_all_three_roads_are_paid_and_only_the_fetched_one_blocks() -> None:
    site = Site("b")
    started = site.start()
    initial = started["initial_task"]
    site.now += 30
    following = site.post("heartbeat", contributor_id="m", session_id=started["session_id"])[1]["next_task"]
    fetched = site.fetch()
    assert site.fetch() == fetched
    for job in (initial, following, fetched):
        assert site.submit(job)[1]["success"] is True
    assert site.fetch()["task_id"] != fetched["task_id"]


def test_a_failed_job_no_longer_blocks_and_can_be_mended_once() -> None:
    site = Site("b")
    site.start()
    job = site.fetch()
    required: dict[str, Any] = dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
    refused = (200, {"success": False, "error": "Invalid result format", "reward": 0})
    assert site.submit(job, nothing=1) == refused
    assert site.submit(job, error="x", **required) == refused
    assert site.fetch()["task_id"] != job["task_id"]
    assert site.submit(job)[1]["success"] is True
    assert site.submit(job)[0] == 400
    assert site.simulator.counters.invalid == 2


def test_the_submitter_is_paid_for_another_miners_job_and_the_fetcher_is_free_again() -> None:
    site = Site("b")
    site.start("m")
    other = site.start("other")
    job = site.fetch("m")
    assert site.submit(job, "other", other["session_id"])[1]["success"] is True
    assert site.paid("other") == Decimal(repr(job["reward"]))
    assert site.paid("m") == 0
    assert site.fetch("m")["task_id"] != job["task_id"]


def test_a_job_fetched_in_an_earlier_session_is_given_again_in_the_next() -> None:
    site = Site("b")
    session_id = site.start()["session_id"]
    job = site.fetch()
    site.post("stop-session", contributor_id="m", session_id=session_id)
    site.post("start-session", contributor_id="m")
    assert site.fetch() == job


def test_forgetting_leaves_the_book_and_never_issues_an_id_twice() -> None:
    site = Site("b")
    started = site.start()
    jobs = [site.fetch()]
    site.submit(jobs[0])
    paid = site.paid()
    site.simulator.forget(site.now)
    assert site.ask("GET", "/ai-energy/task/m") == (404, {"detail": "Contributor not registered"})
    assert site.post("start-session", contributor_id="m")[0] == 400
    assert site.submit(jobs[0]) == (404, {"detail": "Task not found"})
    beat = {"contributor_id": "m", "session_id": started["session_id"]}
    assert site.post("heartbeat", **beat) == (400, {"detail": "Session not found"})
    again = site.start()
    assert again["session_id"] != started["session_id"]
    assert site.fetch()["task_id"] not in {jobs[0]["task_id"], started["initial_task"]["task_id"]}
    assert site.paid() == paid


@pytest.mark.parametrize(
    ("miners", "rewards"),
    [(1, {"federated_learning": 10.0}), (4, {"federated_learning": 2.5}), (100_000, {"federated_learning": 0.001})],
)
def test_release_b_shares_the_block_budget_within_its_limits(miners: int, rewards: dict[str, float]) -> None:
    site = Site("b", strangers=parse_strangers(str(miners - 1)), mix=Mix(weights={"federated_learning": 1}))
    site.start()
    assert site.fetch()["reward"] == rewards["federated_learning"]


def test_the_same_seed_gives_a_miner_the_same_jobs_whatever_others_do() -> None:
    alone, crowded = Site("b"), Site("b")
    alone.start("m")
    crowded.start("other")
    crowded.fetch("other")
    crowded.start("m")
    assert [alone.fetch()[key] for key in ("task_type", "data")] == [
        crowded.fetch()[key] for key in ("task_type", "data")
    ]


def test_release_c_hands_out_some_jobs_in_the_older_form() -> None:
    site = Site("c")
    site.start()
    jobs = []
    for _ in range(600):
        jobs.append(site.fetch())
        site.submit(jobs[-1])
    assert {job["task_type"] for job in jobs} == set(USUAL_TYPES)
    fields = {(job["task_type"], field) for job in jobs for field in job["data"]}
    older = {("fraud_detection", "tx_count"), ("network_protection", "block_range"), ("inference", "size")}
    assert older <= fields
    assert ("fraud_detection", "transactions") in fields


@pytest.mark.parametrize(
    ("miners", "phase", "load"),
    [(0, "bootstrap", 0.0), (21, "transition", 6.11), (100, "distributed", 50.0), (1000, "decentralized", 100.0)],
)
def test_the_phase_follows_the_number_of_miners(miners: int, phase: str, load: float) -> None:
    status = Site("c", strangers=parse_strangers(str(miners))).ask("GET", "/api/decentralization/status")[1]
    assert (status["phase"], status["miner_load"], status["bootstrap_load"]) == (phase, load, round(100 - load, 2))
    assert "replit_load" not in status


def test_open_jobs_have_a_ceiling_and_completed_ones_cost_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_OPEN >= 100_000
    monkeypatch.setattr("fleet.simulator.joblist.MOST_OPEN", 3)
    site = Site("b")
    started = site.start()
    beat = {"contributor_id": "m", "session_id": started["session_id"]}
    for _ in range(5):
        site.post("heartbeat", **beat)
    assert site.simulator.world.jobs.open_count() == 3
    assert site.submit(started["initial_task"]) == (404, {"detail": "Task not found"})


def test_a_fetch_slows_down_with_each_job_since_the_servers_start() -> None:
    site = Site("b", latency=Latency(fetch_growth_us=50.0))
    site.start()
    for _ in range(99):
        site.submit(site.fetch())
    fetch = parse_request("GET", "/ai-energy/task/m", b"")
    assert site.simulator.delay_s(fetch) == pytest.approx(100 * 50e-6)
    assert site.simulator.delay_s(parse_request("GET", "/api/gas/info", b"")) == 0
    site.simulator.forget(site.now)
    assert site.simulator.delay_s(fetch) == 0
