"""The example file and the tree say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from config.example import example_toml
from config.sections import MinerSettings
from config.server_tables import ServerSettings
from config.settings import Settings
from config.tree import is_list_alone, leaves

#: settings of a section that are refused alone, each with another one that it needs
NEEDS: dict[str, dict[str, object]] = {
    "schedule.price_file": {"price_max": 0.3},
    "schedule.price_url": {"price_max": 0.3},
    "schedule.price_max": {"price_file": "/prices.json"},
}
FILE = Path(__file__).parents[3] / "config" / "fleet.example.toml"


def uncommented() -> dict[str, object]:
    return tomllib.loads(re.sub(r"(?m)^# (?=[a-z_]+ = |\[\[)", "", example_toml()))


def test_the_file_is_what_the_tree_says() -> None:
    advice = "write it again: fleet config --example > config/fleet.example.toml"
    assert FILE.read_text(encoding="utf-8") == example_toml(), advice


def test_the_file_as_it_stands_changes_nothing() -> None:
    assert Settings.model_validate(tomllib.loads(example_toml())) == Settings()


@pytest.mark.parametrize("name", [leaf.name for leaf in leaves(Settings) if not is_list_alone(leaf.field)])
def test_every_setting_is_there_with_its_default_or_an_example_that_is_allowed(name: str) -> None:
    leaf = next(leaf for leaf in leaves(Settings) if leaf.name == name)
    value: object = uncommented()
    for part in leaf.path:
        assert isinstance(value, dict)
        value = value[part]
    if not leaf.field.examples:
        assert value == leaf.field.get_default()
    nested: object = {leaf.path[-1]: value} | NEEDS.get(name, {})
    for part in reversed(leaf.path[:-1]):
        nested = {part: nested}
    Settings.model_validate(nested)


def test_the_example_miner_is_a_miner() -> None:
    miners = uncommented()["miner"]
    assert isinstance(miners, list)
    assert set(miners[0]) == set(MinerSettings.model_fields)
    MinerSettings.model_validate(miners[0])


def test_the_example_servers_replace_the_url_by_a_table() -> None:
    text = example_toml()
    assert "\n# # [[server]]\n" in text
    table = re.search(r"(?ms)^# # \[\[server\]\].*?^$", text)
    assert table is not None
    (server,) = tomllib.loads(re.sub(r"(?m)^# # (?=[a-z_]+ = |\[\[)", "", table[0]))["server"]
    assert set(server) == set(ServerSettings.model_fields)
    assert Settings.model_validate({"server": [server]}).servers[0].priority == 1


def test_nothing_else_is_there() -> None:
    given = uncommented()
    names = {leaf.name for leaf in leaves(Settings)}
    for key, value in given.items():
        inner = [f"{key}.{part}" for part in value] if isinstance(value, dict) else [key]
        assert set(inner) <= names
