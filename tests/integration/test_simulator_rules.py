"""Bans, wallets and strangers as a client on the wire meets them, and their control endpoints and flags."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleet.simulator.options import SimulatorOptions
from fleet.simulator.strangers import parse_strangers
from fleet.simulator.thread import running
from tasks.jobtypes import JOB_TYPES

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-W", "error", "-c", "from fleet.commands.simulator import simulator; simulator()")


def ask(url: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Status and JSON of one request."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def mine(url: str) -> Any:
    """The receipt of the first job of miner `m`."""
    ask(url, "POST", "/ai-energy/register", {"contributor_id": "m"})
    session_id = ask(url, "POST", "/ai-energy/start-session", {"contributor_id": "m"})[1]["session_id"]
    job = ask(url, "GET", "/ai-energy/task/m")[1]
    result = dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
    body = {"contributor_id": "m", "session_id": session_id, "task_id": job["task_id"], "result": result}
    return ask(url, "POST", "/ai-energy/submit-result", body)[1]


@contextmanager
def command(*flags: str) -> Iterator[str]:
    """The URL of a simulator that was started as a user starts it."""
    process = subprocess.Popen([*COMMAND, "--port", "0", *flags], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_a_ban_refuses_every_call_of_an_address_but_no_control_call_until_it_is_lifted() -> None:
    with running(SimulatorOptions(dialect="c")) as simulator:
        ask(simulator.url, "POST", "/simulator/faults", {"add": ["blocked,endpoints=task,count=1"]})
        assert ask(simulator.url, "GET", "/api/gas/info")[0] == 200
        for path in ("/ai-energy/task/m", "/api/gas/info", "/ai-energy/stats"):
            status, words = ask(simulator.url, "GET", path)
            assert (status, words["error"]) == (403, "blocked")
            assert 0 < words["unblock_in"] <= 300
        assert ask(simulator.url, "GET", "/simulator/requests")[1]["refused_403"] == 2
        assert ask(simulator.url, "POST", "/simulator/unban") == (200, {"banned": []})
        assert ask(simulator.url, "GET", "/api/gas/info")[0] == 200


def test_a_ban_that_ends_can_leave_the_address_distrusted() -> None:
    with running(SimulatorOptions()) as simulator:
        simulator.set_faults("blocked,count=1,value=0.000001+300")
        answers = [ask(simulator.url, "GET", "/api/gas/info") for _ in range(3)]
        assert [words["error"] for _, words in answers] == ["blocked", "trust_too_low", "trust_too_low"]
        simulator.unban()
        assert ask(simulator.url, "GET", "/api/gas/info")[0] == 200


def test_refused_calls_of_a_banned_address_leave_the_limit_as_it_was() -> None:
    with command("--rate-limit", "5", "--fault", "blocked,after=2,count=1") as url:
        assert [ask(url, "GET", "/api/gas/info")[0] for _ in range(9)] == [200] * 2 + [403] * 7
        ask(url, "POST", "/simulator/unban")
        assert [ask(url, "GET", "/api/gas/info")[0] for _ in range(3)] == [200, 200, 429]


def test_money_can_be_sent_out_of_a_wallet() -> None:
    with running(SimulatorOptions(dialect="c")) as simulator:
        earned = mine(simulator.url)["balance"]
        assert ask(simulator.url, "GET", "/simulator/wallets") == (200, {"balances": {"m": earned}})
        order = {"from": "M", "to": "Thief", "amount": earned}
        assert ask(simulator.url, "POST", "/simulator/wallets", order)[1] == {"balances": {"m": 0.0, "thief": earned}}
        page = ask(simulator.url, "GET", "/ai-energy/contributor/m")[1]
        assert (page["balance"], page["contributor"]["total_rewards"]) == (0.0, earned)
        assert ask(simulator.url, "POST", "/simulator/wallets", order)[0] == 400
        simulator.move_money("thief", "m", earned)
        assert simulator.balances()["m"] == earned


@pytest.mark.parametrize("keep", [True, False])
def test_a_forgetting_takes_the_balances_along_unless_they_are_to_be_kept(keep: bool) -> None:
    with running(SimulatorOptions(dialect="c")) as simulator:
        earned = mine(simulator.url)["balance"]
        assert ask(simulator.url, "POST", "/simulator/forget", {"keep_balances": keep})[0] == 200
        assert simulator.balances() == ({"m": earned} if keep else {})
        assert ask(simulator.url, "GET", "/ai-energy/contributor/m")[0] == 404
        assert ask(simulator.url, "POST", "/simulator/forget", {"keep_balances": "yes"})[0] == 400


@pytest.mark.parametrize("body", [None, [], {}, {"from": "m"}, {"from": "m", "to": 5, "amount": 1}])
def test_a_mistyped_order_moves_nothing(body: object) -> None:
    with running(SimulatorOptions(dialect="c")) as simulator:
        earned = mine(simulator.url)["balance"]
        assert ask(simulator.url, "POST", "/simulator/wallets", body)[0] == 400
        assert simulator.balances() == {"m": earned}


def test_strangers_come_and_go_by_the_control_endpoint() -> None:
    with running(SimulatorOptions(dialect="c")) as simulator:
        assert ask(simulator.url, "POST", "/simulator/strangers", {"schedule": "100"}) == (200, {"strangers": 100})
        rewards = ask(simulator.url, "GET", "/api/rewards/current")[1]["current_state"]
        assert (rewards["active_miners"], rewards["base_reward_per_miner"]) == (100, 0.001)
        simulator.invite(parse_strangers("0"))
        assert ask(simulator.url, "GET", "/simulator/strangers") == (200, {"strangers": 0})
        assert ask(simulator.url, "POST", "/simulator/strangers", {"schedule": "many"})[0] == 400


def test_the_flags_set_budget_limits_strangers_and_saves() -> None:
    flags = ("--block-budget", "6", "--share-max", "2", "--share-min", "0.5", "--strangers", "9@0s,0@1h")
    with command("--dialect", "c", "--heartbeat-pay", "none", "--save-balances", "0", *flags) as url:
        rewards = ask(url, "GET", "/api/rewards/current")[1]
        assert (rewards["block_budget"], rewards["limits"]) == (6, {"min": 0.5, "max": 2})
        assert rewards["current_state"]["base_reward_per_miner"] == 6 / 9
        mine(url)
        ask(url, "POST", "/simulator/forget")
        assert ask(url, "GET", "/simulator/wallets")[1] == {"balances": {}}


@pytest.mark.parametrize(
    "flags",
    [
        ("--strangers", "many"),
        ("--share-max", "-1"),
        ("--share-min", "1", "--dialect", "c"),
        ("--save-balances", "-1"),
        ("--fault", "blocked,value=x"),
    ],
)
def test_a_mistyped_rule_is_a_usage_error(flags: tuple[str, ...]) -> None:
    ended = subprocess.run(
        [*COMMAND, "--port", "0", *flags], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode in {2, 64}
    assert "Traceback" not in ended.stderr
