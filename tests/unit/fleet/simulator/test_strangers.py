"""Other people's miners: their schedule, and where they are counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fleet.simulator.endpoints import parse_request
from fleet.simulator.errors import OptionError
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.simulator import Simulator
from fleet.simulator.strangers import parse_strangers, stranger

START = 1_800_000_000.0


def asked(simulator: Simulator, path: str, at: float) -> Any:
    """The JSON of a page, `at` seconds after the start."""
    return json.loads(simulator.perform(parse_request("GET", path, b""), None, now=START + at, monotonic_s=at).body)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("7", {0.0: 7, 1e6: 7}),
        ("0@0s,100@600s,0@1200s", {0.0: 0, 599.9: 0, 600.0: 100, 1199.0: 100, 1200.0: 0, 1e6: 0}),
        ("5@10, 6@1m,7@1.5h", {0.0: 0, 10.0: 5, 60.0: 6, 5399.0: 6, 5400.0: 7}),
    ],
)
def test_a_schedule_says_how_many_there_are(text: str, numbers: dict[float, int]) -> None:
    schedule = parse_strangers(text)
    assert {at_s: schedule.number_at(at_s) for at_s in numbers} == numbers


@pytest.mark.parametrize("text", ["", "x", "-1", "1@", "1@x", "1@5d", "1@-5s", "2@9s,3@8s", "10000001"])
def test_a_mistyped_schedule_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_strangers(text)


def test_strangers_are_addresses_and_each_is_another() -> None:
    ids = {stranger(number).contributor_id for number in range(100)}
    assert len(ids) == 100
    assert all(name.startswith("neo1") and len(name) == 44 and int(name[4:], 16) for name in ids)


def test_strangers_are_seen_on_every_page_while_they_are_there() -> None:
    simulator = Simulator(SimulatorOptions(dialect="c", strangers=parse_strangers("0@0s,100@600s,0@1200s")), now=START)
    for at, there in ((0.0, 0), (600.0, 100), (1200.0, 0)):
        stats = asked(simulator, "/ai-energy/stats", at)
        assert (stats["active_sessions"], len(stats["active_contributors"])) == (there, min(there, 50))
        assert asked(simulator, "/api/decentralization/status", at)["active_miners"] == there
        assert asked(simulator, "/api/gas/info", at)["active_providers"] == there
        assert asked(simulator, "/api/rewards/current", at)["current_state"]["active_miners"] == max(1, there)
    assert asked(simulator, "/ai-energy/stats", 1200.0)["total_contributors"] == 100
    assert len(asked(simulator, "/ai-energy/leaderboard", 1200.0)["leaderboard"]) == 50


def test_a_new_schedule_starts_when_it_is_given() -> None:
    simulator = Simulator(SimulatorOptions(dialect="c"), now=START)
    simulator.world.census.invite(parse_strangers("3@0s,4@10s"), START + 100)
    assert asked(simulator, "/api/gas/info", 100.0)["active_providers"] == 3
    assert asked(simulator, "/api/gas/info", 110.0)["active_providers"] == 4
