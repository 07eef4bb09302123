"""The settings tree as a value: defaults, bounds, and what contradicts what."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from config.sections import MinerSettings, Section
from config.settings import Settings, default_state_dir
from config.tree import leaves
from config.worker_section import WorkerSettings

SECRET = "hunter2-hunter2"


def test_a_farm_without_settings_mines_the_simulator_with_eight_miners() -> None:
    settings = Settings()
    assert settings.simulated
    assert settings.miner_count == 8


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({"server": "https://neonet.example.com"}, 32),
        ({"server": "https://neonet.example.com", "id": "rig"}, 1),
        ({"miners": "auto", "most_miners": 9}, 9),
        ({"miners": "auto", "miner": [{"id": "a"}, {"id": "b"}]}, 2),
        ({"server": "https://neonet.example.com", "miners": 30}, 30),
        ({"miners": 3}, 3),
        ({"id": "rig"}, 1),
        ({"miner": [{"id": "a"}, {"id": "b"}]}, 2),
    ],
)
def test_the_number_of_miners_follows_from_what_is_named(given: dict[str, object], count: int) -> None:
    assert Settings.model_validate(given).miner_count == count


@pytest.mark.parametrize(
    ("given", "auto"),
    [
        ({}, False),
        ({"miners": "auto"}, True),
        ({"server": "https://neonet.example.com"}, True),
        ({"server": "https://neonet.example.com", "miners": 1}, False),
        ({"server": "https://neonet.example.com", "id": "rig"}, False),
        ({"server": "https://neonet.example.com", "miner": [{"id": "a"}]}, False),
        ({"server": "https://neonet.example.com", "miners": "auto", "miner": [{"id": "a"}]}, True),
    ],
)
def test_a_server_gets_auto_unless_miners_are_named_or_counted(given: dict[str, object], auto: bool) -> None:
    assert Settings.model_validate(given).auto is auto


def test_the_environment_is_not_read_by_the_tree_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_CPU", "64")
    assert Settings().cpu is None


def test_settings_are_frozen() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.cpu = 8  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.http.connections = 8  # type: ignore[misc]


def test_every_setting_has_a_sentence_of_description() -> None:
    for leaf in [*leaves(Settings), *leaves(MinerSettings)]:
        assert leaf.field.description, leaf.name
        assert leaf.field.description.endswith("."), leaf.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("heartbeat_s", 29.9),
        ("heartbeat_s", float("nan")),
        ("heartbeat_s", float("inf")),
        ("drain_s", -1),
        ("miners", 0),
        ("miners", 100_001),
        ("cpu", 0),
        ("gpu_mem", -1),
        ("id", "no blanks"),
        ("id", "x" * 65),
        ("id", ""),
        ("id", "ä"),
        ("id", "li\nne"),
        ("miner_prefix", "a/b"),
        ("server_name", "two words"),
        ("redis_url", "http://localhost"),
        ("redis_url", "redis://"),
        ("ledger_url", "mysql://localhost/fleet"),
        ("ledger_url", "ledger.sqlite"),
        ("http", {"threads": 0}),
        ("http", {"call_deadline_s": 0}),
        ("budget", {"requests": 0}),
        ("backoff", {"floor_s": 0.5}),
        ("dispatch", {"max_attempts": 0}),
        ("worker", {"concurrency": 0}),
        ("flower", {"port": 65_536}),
        ("flower", {"basic_auth": "no-colon"}),
        ("flower", {"basic_auth": ":password"}),
        ("log", {"level": "LOUD"}),
        ("log", {"format": "xml"}),
        ("output", {"color": "sometimes"}),
        ("nobody_reads_this", 1),
        ("http", {"nobody_reads_this": 1}),
        ("miner", [{"cpu_cores": 4}]),
    ],
)
def test_a_value_out_of_bounds_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"miner": [{"id": "Rig"}, {"id": "rIG"}]}, "miner"),
        ({"miner": [{"id": "rig"}], "id": "other"}, "id"),
        ({"miner": [{"id": "rig"}], "miners": 2}, "miners"),
        ({"id": "rig", "miners": 2}, "miners"),
        ({"worker": {"soft_time_limit_s": 30, "time_limit_s": 30}}, "worker.soft_time_limit_s"),
        ({"worker": {"time_limit_s": 41}}, "visibility_timeout_s"),
        ({"visibility_timeout_s": 89}, "visibility_timeout_s"),
        ({"backoff": {"floor_s": 61}}, "backoff.floor_s"),
        ({"http": {"connect_timeout_s": 16}}, "http.connect_timeout_s"),
        ({"server": "http://neonet.lan"}, "server"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_by_name(given: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(given)
    assert [name for name, _ in caught.value.errors()[0]["ctx"]["problems"]] == [named]


def test_an_id_with_one_miner_is_no_contradiction() -> None:
    assert Settings(id="rig", miners=1).miner_count == 1


def test_the_visibility_timeout_may_be_just_three_time_limits() -> None:
    assert Settings(visibility_timeout_s=90, worker=WorkerSettings(time_limit_s=30)).visibility_timeout_s == 90


def test_secrets_print_nowhere() -> None:
    settings = Settings(
        redis_url=SecretStr(f"redis://:{SECRET}@localhost:6379/0"),
        ledger_url=SecretStr(f"postgresql://fleet:{SECRET}@localhost/fleet"),
        flower=Settings().flower.model_validate({"basic_auth": f"farmer:{SECRET}"}),
    )
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert SECRET not in text


@pytest.mark.parametrize("name", ["redis_url", "ledger_url"])
def test_a_refused_secret_is_not_in_the_error(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({name: f"gopher://:{SECRET}@host"})
    assert SECRET not in str(caught.value)


def test_hosts_for_plain_http_can_be_a_line_with_commas() -> None:
    settings = Settings.model_validate({"server": "http://neonet.lan:8000", "allow_plain_http": "farm.lan, NeoNet.LAN"})
    assert settings.allow_plain_http == ("farm.lan", "neonet.lan")


def test_paths_in_the_home_folder_are_expanded() -> None:
    assert Settings.model_validate({"state_dir": "~/farm"}).state_dir == Path.home() / "farm"


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"XDG_STATE_HOME": "/var/state"}, Path("/var/state/neonet-fleet")),
        ({"XDG_STATE_HOME": "relative"}, Path.home() / ".local/state/neonet-fleet"),
        ({}, Path.home() / ".local/state/neonet-fleet"),
    ],
)
def test_the_state_lies_where_xdg_says(environ: dict[str, str], folder: Path) -> None:
    assert default_state_dir(environ) == folder


def test_every_section_is_frozen_and_closed() -> None:
    for section in Section.__subclasses__():
        assert section.model_config.get("frozen"), section
        assert section.model_config.get("extra") == "forbid", section
        assert section.model_config.get("hide_input_in_errors"), section
