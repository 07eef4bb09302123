"""Engines and users that are not as the project's own: a foreign uid, a taken port, an engine without CPU limits."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.env_file import read_env_file
from fleet.local.redis_server import free_port
from tests.support.compose import Farm, clean_copy, inspect, until
from tests.support.env_forms import SAME

pytestmark = pytest.mark.timeout(300)

IMAGE = "neonet-fleet:0.1.0"
#: as OpenShift runs an image: any number as the user, group 0, no right of any kind
OPENSHIFT = ("--user", "54321:0")
#: a number that neither /etc/passwd nor /etc/group knows
NOBODY = ("--user", "54321:54321")


def ran(farm: Farm, *options: str, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """One container of the image, confined as Compose confines it, at no home."""
    confined = ["--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    argv = ["docker", "run", *confined, *options, "--entrypoint", "env", IMAGE, "-u", "HOME", *command]
    return subprocess.run(argv, cwd=farm.folder, capture_output=True, check=False, text=True, timeout=120)


@pytest.mark.parametrize("user", [OPENSHIFT, NOBODY])
def test_a_user_without_name_and_home_can_load_the_settings(farm: Farm, user: tuple[str, ...]) -> None:
    done = ran(farm, *user, command=("-u", "FLEET_STATE_DIR", "fleet", "config", "--json"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state_dir"]["value"] == "/var/lib/neonet-fleet"


def test_any_user_of_group_0_can_write_the_state_in_an_empty_volume(farm: Farm) -> None:
    folder = "/var/lib/neonet-fleet"
    done = ran(farm, *OPENSHIFT, "--volume", folder, command=("sh", "-c", f"mkdir {folder}/simulator && ls {folder}"))
    assert (done.returncode, done.stdout) == (0, "simulator\n"), done.stderr


def test_secrets_that_the_user_cannot_read_are_said_and_no_error_of_their_own(farm: Farm) -> None:
    done = ran(farm, *NOBODY, command=("python", "-m", "tasks"))
    assert done.returncode == 78
    said = done.stderr.splitlines()
    assert "/run/secrets can't be read: Permission denied; its settings are ignored" in said[-2]
    assert said[-1].startswith("FLEET_REDIS_URL is not set")


def test_secrets_that_were_named_and_cannot_be_read_are_an_error(farm: Farm) -> None:
    done = ran(farm, *NOBODY, "--env", "FLEET_SECRETS_DIR=/run/secrets", command=("python", "-m", "tasks"))
    assert done.returncode == 78
    assert done.stderr.splitlines() == ["/run/secrets (folder): can't be read: Permission denied"]


@pytest.mark.usefixtures("engine")
def test_compose_reads_each_accepted_form_of_a_value_as_fleet_does(tmp_path: Path) -> None:
    lines = [f"FLEET_X{number}={written}" for number, (written, _) in enumerate(SAME)]
    (tmp_path / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "compose.yml").write_text("services: {a: {image: none, env_file: [.env]}}\n")
    command = ["docker", "compose", "--project-name", "forms", "config", "--format", "json"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    # `config` doubles each dollar, so that its output can be read again
    seen = {name: value.replace("$$", "$") for name, value in json.loads(said)["services"]["a"]["environment"].items()}
    assert seen == {f"FLEET_X{number}": meant for number, (_, meant) in enumerate(SAME)}
    assert read_env_file((tmp_path / ".env").read_text(encoding="utf-8")).values == seen


def test_an_engine_that_refuses_cpu_limits_is_asked_for_none(farm: Farm) -> None:
    said = farm.compose("--profile", "archive", "config", "--format", "json", CONTAINER_CPUS="0").stdout
    services = json.loads(said)["services"]
    assert len(services) == 9
    assert not any("cpus" in service or "cpu_quota" in service for service in services.values())


@pytest.fixture
def crowded(farm: Farm, tmp_path: Path) -> Iterator[Farm]:
    """A farm of its own whose port for Flower another program holds, in a copy that publishes no other port."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        folder = clean_copy(tmp_path)
        other = Farm(
            folder=folder, project=f"{farm.project}-crowded", flower_port=holder.getsockname()[1], page_port=free_port()
        )
        try:
            yield other
        finally:
            other.compose("down", "--volumes", "--timeout", "5", check=False)


def test_a_farm_mines_where_the_port_of_flower_is_taken(crowded: Farm) -> None:
    started = crowded.compose("up", "--detach", check=False, CONTAINER_CPUS="0")
    assert started.returncode != 0
    # the engine's words for a port that another program, or another container, has
    assert any(words in started.stderr for words in ("address already in use", "port is already allocated"))
    assert str(crowded.flower_port) in started.stderr
    until(lambda: crowded.containers("coordinator"), 30, "the coordinator runs")
    crowded.goes_on(5)
    assert crowded.inspected("flower") == []
    assert inspect(crowded.containers("worker")[0])["HostConfig"]["NanoCpus"] == 0
