"""Each setting says whether a running farm takes it over, and the docs say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.reloading import TAKES, Takes
from config.settings import Settings
from config.tree import leaves, table_of

DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"


def setting_names() -> Iterator[str]:
    """The dotted name of every setting, and of each field of its tables; `miner` is named by its fields alone."""
    for leaf in leaves(Settings):
        table = table_of(leaf.field)
        if leaf.name != "miner":
            yield leaf.name
        yield from () if table is None else (f"{leaf.name}.{field}" for field in table.model_fields)


def test_each_setting_states_what_a_change_of_it_takes() -> None:
    missing = set(setting_names()) - TAKES.keys()
    assert not missing, f"add them to config/reloading.py: {sorted(missing)}"


def test_no_setting_is_listed_that_does_not_exist() -> None:
    assert TAKES.keys() == set(setting_names())


@pytest.mark.parametrize("takes", Takes)
def test_the_docs_list_the_settings_of_each_kind(takes: Takes) -> None:
    row = re.search(rf"(?m)^\| {re.escape(takes.value)} \|(.*)\|$", DOCS.read_text(encoding="utf-8"))
    assert row is not None, f"docs/configuration.md has no row for {takes.value}"
    assert re.findall(r"`([a-z_.]+)`", row[1]) == [name for name, other in TAKES.items() if other is takes]
