"""A farm in Compose that is as Compose starts it is steered by commands in the coordinator's container."""

from __future__ import annotations

import json

import pytest

from tests.support.compose import Farm, inspect, until

pytestmark = pytest.mark.timeout(300)


def fleet(farm: Farm, *words: str) -> str:
    return farm.run_in("coordinator", "fleet", *words)


def states(farm: Farm) -> dict[str, str]:
    return {row["miner"]: row["state"] for row in json.loads(fleet(farm, "status", "--json"))["miners"]}


def test_a_miner_is_paused_and_resumed_and_the_log_says_so(mining: Farm) -> None:
    until(lambda: "mining" in states(mining).values(), 60, "a miner that mines")
    name = next(name for name, state in states(mining).items() if state == "mining")
    told = fleet(mining, "pause", "miner", name, "--reason", "new fan", "--by", "sam", "--stop-after", "1s")
    assert f"miner {name} is paused by sam: new fan" in told
    until(lambda: states(mining)[name] == "paused", 60, "the pause")
    mining.goes_on(10)
    fleet(mining, "resume", "miner", name, "--by", "sam")
    until(lambda: states(mining)[name] == "mining", 60, "the resumed miner")
    entries = json.loads(fleet(mining, "log", "--json", "--last", "2"))["entries"]
    assert [(one["change"], one["name"], one["who"]) for one in entries] == [
        ("pause", name, "sam"),
        ("resume", name, "sam"),
    ]


def test_a_drained_farm_ends_and_docker_starts_it_again(mining: Farm) -> None:
    (container,) = mining.containers("coordinator")
    before = inspect(container)["RestartCount"]
    assert "the farm drains" in fleet(mining, "drain", "farm")
    until(lambda: inspect(container)["RestartCount"] == before + 1, 120, "the next start")
    mining.goes_on(10, 120.0)
    assert "drained by" in mining.logs("coordinator")
