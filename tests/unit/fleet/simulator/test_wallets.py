"""Wallets: what is saved, what a restart leaves, and money that is sent away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet.simulator.endpoints import parse_request
from fleet.simulator.errors import OptionError
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.simulator import Simulator
from fleet.simulator.wallets import Wallets
from tasks.jobtypes import JOB_TYPES

START = 1_800_000_000.0


class Mine:
    """One miner at a simulator, under a clock of its own."""

    def __init__(self, **options: Any) -> None:
        self.simulator = Simulator(SimulatorOptions(seed=5, **options), now=START)
        self.now = START
        self.session_id = ""

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """The answer's JSON."""
        call = parse_request(method, path, json.dumps(body).encode() if body else b"")
        return json.loads(self.simulator.perform(call, None, now=self.now, monotonic_s=self.now).body)

    def start(self) -> None:
        """Register and begin a session."""
        self.ask("POST", "/ai-energy/register", contributor_id="m")
        self.session_id = self.ask("POST", "/ai-energy/start-session", contributor_id="m")["session_id"]

    def mine(self) -> Any:
        """One job's receipt."""
        job = self.ask("GET", "/ai-energy/task/m")
        result = dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
        body = {"contributor_id": "m", "session_id": self.session_id, "task_id": job["task_id"], "result": result}
        return self.ask("POST", "/ai-energy/submit-result", **body)


def test_saved_balances_survive_a_forgetting_and_what_came_after_the_save_is_gone() -> None:
    mine = Mine(dialect="c")
    mine.start()
    mine.now += 29
    saved = mine.mine()["balance"]
    mine.now += 2
    assert mine.mine()["balance"] > saved
    paid = mine.simulator.book.total()
    mine.simulator.forget(mine.now)
    mine.start()
    page = mine.ask("GET", "/ai-energy/contributor/m")
    assert (page["balance"], page["contributor"]["total_rewards"]) == (saved, 0.0)
    receipt = mine.mine()
    assert receipt["total_rewards"] == receipt["reward"]
    assert receipt["balance"] == saved + receipt["reward"]
    assert mine.simulator.book.total() > paid


@pytest.mark.parametrize("options", [{"dialect": "b"}, {"dialect": "c", "save_balances_s": 0}])
def test_without_saves_a_restart_leaves_no_balance(options: dict[str, Any]) -> None:
    mine = Mine(**options)
    mine.start()
    assert mine.mine()["balance"] > 0
    mine.simulator.forget(mine.now + 3600)
    mine.start()
    assert mine.ask("GET", "/ai-energy/contributor/m")["balance"] == 0


def test_money_that_is_moved_lowers_the_balance_and_not_the_total() -> None:
    mine = Mine(dialect="c")
    mine.start()
    before = mine.mine()
    mine.simulator.world.cashier.wallets.move("m", "thief", before["balance"] / 2)
    after = mine.ask("GET", "/ai-energy/contributor/m")
    assert after["balance"] == before["balance"] / 2
    assert after["contributor"]["total_rewards"] == before["total_rewards"]
    assert mine.simulator.world.cashier.wallets.balances()["thief"] == before["balance"] / 2


@pytest.mark.parametrize("amount", [0.0, -1.0, 1.5, float("nan"), float("inf")])
def test_no_more_than_the_balance_can_be_moved(amount: float) -> None:
    wallets = Wallets(save_every_s=30.0, now=0.0)
    wallets.pay("m", 1.0)
    with pytest.raises(OptionError):
        wallets.move("m", "thief", amount)
    assert wallets.balances() == {"m": 1.0}


def test_a_save_that_was_due_between_two_calls_holds_the_state_between_them() -> None:
    wallets = Wallets(save_every_s=30.0, now=0.0)
    wallets.pay("m", 1.0)
    wallets.pass_time(95.0)
    wallets.pay("m", 1.0)
    wallets.pass_time(119.0)
    wallets.restore()
    assert wallets.balance("m") == 1.0
    wallets.pay("m", 2.0)
    wallets.pass_time(120.0)
    wallets.restore()
    assert wallets.balance("m") == 3.0
