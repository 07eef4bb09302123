"""A farm in Compose is steered: its commands in the coordinator's container, and a reload by the recipe of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.compose import ROOT, Farm, inspect, until

pytestmark = pytest.mark.timeout(300)

_DOCS = ROOT / "docs" / "steering.md"


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


@pytest.fixture
def from_a_folder(mining: Farm) -> Iterator[Path]:
    """The farm's `fleet.toml`, in a folder that the coordinator got by the recipe."""
    recipe = _DOCS.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    override, file = mining.folder / "compose.override.yaml", mining.folder / "farm" / "fleet.toml"
    file.parent.mkdir()
    written(file, "north", "south")
    override.write_text(recipe, encoding="utf-8")
    try:
        mining.compose("up", "--detach", "--wait")
        yield file
    finally:
        override.unlink()
        mining.compose("up", "--detach", "--wait")


def written(file: Path, *names: str) -> None:
    """Replace the file by a new one, as an editor does."""
    new = file.with_suffix(".new")
    tables = (f'[[miner]]\nid = "neo1{one}000000000000000000000000000000000000"\nname = "{one}"\n' for one in names)
    new.write_text("".join(tables), encoding="utf-8")
    new.replace(file)


def test_a_changed_file_is_read_again_by_the_recipe(mining: Farm, from_a_folder: Path) -> None:
    until(lambda: set(states(mining)) >= {"north", "south"}, 60, "the miners of the file")
    written(from_a_folder, "north", "east")
    told = fleet(mining, "reload")
    assert "1 miner added: east" in told, told
    assert "1 miner removed: south" in told, told
    until(lambda: states(mining).get("east") == "mining", 60, "the new miner")
    mining.goes_on(5)
