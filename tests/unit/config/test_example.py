"""The example file and the tree say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from config.example import example_toml
from config.sections import MinerSettings
from config.settings import Settings
from config.tree import leaves, table_of

FILE = Path(__file__).parents[3] / "config" / "fleet.example.toml"


def uncommented() -> dict[str, object]:
    return tomllib.loads(re.sub(r"(?m)^# (?=[a-z_]+ = |\[\[)", "", example_toml()))


def test_the_file_is_what_the_tree_says() -> None:
    advice = "write it again: fleet config --example > config/fleet.example.toml"
    assert FILE.read_text(encoding="utf-8") == example_toml(), advice


def test_the_file_as_it_stands_changes_nothing() -> None:
    assert Settings.model_validate(tomllib.loads(example_toml())) == Settings()


@pytest.mark.parametrize("name", [leaf.name for leaf in leaves(Settings) if table_of(leaf.field) is None])
def test_every_setting_is_there_with_its_default_or_an_example_that_is_allowed(name: str) -> None:
    leaf = next(leaf for leaf in leaves(Settings) if leaf.name == name)
    value: object = uncommented()
    for part in leaf.path:
        assert isinstance(value, dict)
        value = value[part]
    if not leaf.field.examples:
        assert value == leaf.field.get_default()
    nested: object = value
    for part in reversed(leaf.path):
        nested = {part: nested}
    Settings.model_validate(nested)


def test_the_example_miner_is_a_miner() -> None:
    miners = uncommented()["miner"]
    assert isinstance(miners, list)
    assert set(miners[0]) == set(MinerSettings.model_fields)
    MinerSettings.model_validate(miners[0])


def test_nothing_else_is_there() -> None:
    given = uncommented()
    names = {leaf.name for leaf in leaves(Settings)}
    for key, value in given.items():
        inner = [f"{key}.{part}" for part in value] if isinstance(value, dict) else [key]
        assert set(inner) <= names
