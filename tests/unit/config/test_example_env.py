"""`.env.example` is what the settings tree and the Compose file say."""

from __future__ import annotations

import re
from pathlib import Path

from config.example_env import example_env
from config.settings import Settings
from config.sources import variable
from config.tree import leaves

ROOT = Path(__file__).parents[3]
#: `$$` is a dollar for the container
_READ = re.compile(r"(?<!\$)\$\{([A-Z_]+)")


def test_the_file_is_the_one_that_the_tree_writes() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example_env(), (
        'write it again: print(config.example_env.example_env(), end="")'
    )


def test_every_setting_is_listed() -> None:
    text = example_env()
    missing = [leaf.name for leaf in leaves(Settings) if variable(leaf.name) not in text]
    assert not missing


def test_every_variable_that_compose_reads_is_listed() -> None:
    files = [ROOT / "docker-compose.yml", *(ROOT / "docker").glob("*.yml")]
    read = {name for path in files for name in _READ.findall(path.read_text(encoding="utf-8"))}
    assert "FLEET_SERVER" in read
    assert {name for name in read if f"# {name}=" not in example_env()} == set()


def test_nothing_is_set_by_copying_the_file_as_it_is() -> None:
    assert all(line.startswith("#") or not line for line in example_env().splitlines())
