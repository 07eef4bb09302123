"""Dialect a's pay for reported jobs (protocol-notes.md, 15): only in the session's sum, and counted as jobs again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from fleet.simulator.endpoints import parse_request
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.simulator import Simulator
from tasks.jobtypes import JOB_TYPES

NOW = 1_800_000_000.0


def asked(simulator: Simulator, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    call = parse_request(method, path, b"" if body is None else json.dumps(body).encode())
    answer = simulator.perform(call, None, now=NOW, monotonic_s=NOW)
    return answer.status if answer.status == 500 else json.loads(answer.body)


def test_a_reported_job_is_paid_and_counted_again_and_only_the_sessions_sum_says_so() -> None:
    simulator = Simulator(SimulatorOptions(dialect="a", seed=7), now=NOW)
    me = {"contributor_id": "rig-a1"}
    assert asked(simulator, "POST", "/ai-energy/register", me) == 500
    session_id = asked(simulator, "POST", "/ai-energy/start-session", me)["session_id"]
    job = asked(simulator, "GET", "/ai-energy/task/rig-a1")
    result = dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
    submission = me | {"session_id": session_id, "task_id": job["task_id"], "result": result}
    assert asked(simulator, "POST", "/ai-energy/submit-result", submission) == 500

    report = me | {"session_id": session_id, "cpu_usage": 1.0, "gpu_usage": 0.0, "tasks_completed": 1}
    beat = asked(simulator, "POST", "/ai-energy/heartbeat", report)
    assert "reward" not in beat
    pay = Decimal(repr(beat["rewards_earned"]))
    assert pay > 0, "and nothing of the job itself"
    totals = simulator.book.totals("rig-a1")
    assert totals["heartbeats_nnet"] == format(pay, "f")
    known = asked(simulator, "POST", "/ai-energy/register", me)["contributor"]
    assert known["total_tasks"] == 2, "the job, and the job again"
    assert known["total_rewards"] == job["reward"] + beat["rewards_earned"]
    ending = asked(simulator, "POST", "/ai-energy/stop-session", me | {"session_id": session_id})
    assert ending["summary"]["rewards_earned"] == beat["rewards_earned"]
