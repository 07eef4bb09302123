"""`fleet config`: each value with its source, as a table and as JSON, and each problem in a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.load import DEFAULT, MASK, read
from fleet.commands.config import config
from fleet.commands.exits import EX_CONFIG
from tests.integration.test_config_files import SECRET

pytestmark = pytest.mark.usefixtures("empty_folder")


def test_fleet_config_prints_each_value_and_its_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_HTTP__CONNECTIONS", "7")
    monkeypatch.setenv("FLEET_REDIS_URL", f"redis://:{SECRET}@localhost/0")
    result = CliRunner().invoke(config, [])
    assert result.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert lines["http.connections"] == ["7", "restart", "environment"]
    assert lines["redis_url"] == [MASK, "restart", "environment"]
    assert lines["budget.requests"] == ["5000", "restart", "default"]
    assert SECRET not in result.output


def test_fleet_config_json_is_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_FLOWER__BASIC_AUTH", f"farmer:{SECRET}")
    result = CliRunner().invoke(config, ["--json"])
    said = json.loads(result.stdout)
    assert said["flower.basic_auth"] == {"value": MASK, "source": "environment", "change": "restart of Flower"}
    assert said["server"] == {"value": None, "source": "default", "change": "restart of the coordinator"}
    assert SECRET not in result.output


def test_fleet_config_ends_with_78_and_one_line_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_SEVER", "x")
    result = CliRunner().invoke(config, [])
    assert result.exit_code == EX_CONFIG
    assert result.stdout == ""
    assert result.stderr == "fleet: FLEET_SEVER (environment): no such setting; did you mean FLEET_SERVER?\n"


def test_the_example_that_fleet_config_writes_can_be_read(empty_folder: Path) -> None:
    result = CliRunner().invoke(config, ["--example"])
    (empty_folder / "fleet.toml").write_text(result.stdout)
    assert all(one.source == DEFAULT for one in read().origins)


def test_a_file_is_checked_and_the_farm_that_it_describes_is_stated(empty_folder: Path) -> None:
    file = empty_folder / "next.toml"
    file.write_text('server = "https://neonet.example.com"\nminers = 3\n')
    said = json.loads(CliRunner().invoke(config, ["check", str(file), "--json"]).stdout)
    assert said["servers"] == [{"name": None, "url": "https://neonet.example.com"}]
    assert (said["valid"], said["file"], said["miners"], said["auto"]) == (True, str(file), 3, False)


def test_a_file_with_a_mistake_is_stated_with_its_line(empty_folder: Path) -> None:
    file = empty_folder / "next.toml"
    file.write_text('\nminers = "many"\n')
    result = CliRunner().invoke(config, ["check", str(file), "--json"])
    said = json.loads(result.stdout)
    assert (result.exit_code, said["exit_code"]) == (EX_CONFIG, EX_CONFIG)
    assert "next.toml, line 2" in said["error"]
