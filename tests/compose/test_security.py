"""What every container of the farm is allowed, in the Compose file and in the engine."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.support.compose import SERVICES, Farm

pytestmark = pytest.mark.timeout(300)

_USER = "10001:10001"


@pytest.fixture(scope="module")
def config(farm: Farm) -> dict[str, Any]:
    """The Compose file as Compose reads it."""
    read: dict[str, Any] = json.loads(farm.compose("--profile", "archive", "config", "--format", "json").stdout)
    return read


@pytest.mark.parametrize("service", [*SERVICES, "setup", "archive"])
def test_the_compose_file_takes_every_right_away(config: dict[str, Any], service: str) -> None:
    stated = config["services"][service]
    assert stated["read_only"] is True
    assert stated["cap_drop"] == ["ALL"]
    assert "cap_add" not in stated
    assert "privileged" not in stated
    assert stated["security_opt"] == ["no-new-privileges:true"]
    assert stated["init"] is True
    assert any(mount.startswith("/tmp") for mount in stated["tmpfs"])
    assert {"mem_limit", "cpus", "pids_limit"} <= set(stated)
    assert stated["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
    assert "container_name" not in stated
    assert all(volume["type"] == "volume" for volume in stated["volumes"]) if "volumes" in stated else True


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_restarted_watched_and_given_time_to_stop(config: dict[str, Any], service: str) -> None:
    stated = config["services"][service]
    assert stated["restart"] == "unless-stopped"
    assert stated["healthcheck"]["test"]
    assert stated["stop_grace_period"]


def test_only_the_two_pages_are_published_and_on_loopback_alone(config: dict[str, Any], farm: Farm) -> None:
    published = {
        name: [(port["host_ip"], port["published"]) for port in service["ports"]]
        for name, service in config["services"].items()
        if "ports" in service
    }
    assert published == {
        "flower": [("127.0.0.1", str(farm.flower_port))],
        "page": [("127.0.0.1", str(farm.page_port))],
    }


def test_redis_workers_and_simulator_are_on_the_internal_network_alone(config: dict[str, Any]) -> None:
    networks = {name: set(config["services"][name].get("networks", {})) for name in SERVICES}
    assert config["networks"]["farm"]["internal"] is True
    assert networks["redis"] == networks["worker"] == networks["simulator"] == {"farm"}
    assert networks["coordinator"] == {"farm", "outside"}
    assert networks["flower"] == networks["page"] == {"farm", "desk"}
    assert config["services"]["setup"]["network_mode"] == "none"
    assert config["services"]["archive"]["network_mode"] == config["services"]["renewal"]["network_mode"] == "none"


def test_no_secret_stands_in_the_compose_file(config: dict[str, Any]) -> None:
    for name, service in config["services"].items():
        for variable, value in (service.get("environment") or {}).items():
            secret = any(word in variable for word in ("PASSWORD", "AUTH", "REDIS_URL", "LEDGER_URL"))
            assert not (secret and value), f"{name} is told {variable}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_running_container_is_confined_as_the_file_says(mining: Farm, service: str) -> None:
    for seen in mining.inspected(service):
        host = seen["HostConfig"]
        assert seen["Config"]["User"] == _USER
        assert host["ReadonlyRootfs"] is True
        assert [name.upper() for name in host["CapDrop"]] == ["ALL"]
        assert not host["CapAdd"]
        assert not host["Privileged"]
        assert any("no-new-privileges" in option for option in host["SecurityOpt"])
        assert host["Memory"] > 0
        assert host["NanoCpus"] > 0
        assert host["PidsLimit"] > 0
        assert host["Init"] is True
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        published = {bind["HostIp"] for binds in (host["PortBindings"] or {}).values() for bind in binds}
        assert published == ({"127.0.0.1"} if service in {"flower", "page"} else set())


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_holds_no_capability_and_can_gain_none(mining: Farm, service: str) -> None:
    status = dict(line.split(":\t", 1) for line in mining.run_in(service, "cat", "/proc/self/status").splitlines())
    assert {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert status["Uid"].split() == ["10001"] * 4


@pytest.mark.parametrize("service", SERVICES)
def test_the_root_of_a_container_can_not_be_written(mining: Farm, service: str) -> None:
    for path in ("/intruder", "/etc/intruder", "/usr/local/bin/intruder"):
        assert mining.compose("exec", "--no-TTY", service, "touch", path, check=False).returncode != 0


def test_secrets_can_not_be_changed_by_those_who_read_them(mining: Farm) -> None:
    for service in ("redis", "coordinator", "worker", "flower"):
        done = mining.compose("exec", "--no-TTY", service, "touch", "/run/secrets/intruder", check=False)
        assert done.returncode != 0, service


def network(name: str) -> dict[str, Any]:
    """What the engine knows about a network."""
    done = subprocess.run(["docker", "network", "inspect", name], capture_output=True, text=True, check=True)
    read: dict[str, Any] = json.loads(done.stdout)[0]
    return read


def test_only_the_coordinator_has_a_way_out_and_back(mining: Farm) -> None:
    joined = {
        name: [network(one) for one in mining.inspected(name)[0]["NetworkSettings"]["Networks"]] for name in SERVICES
    }
    leave = {
        name: [one for one in networks if not one["Internal"] and one["Driver"] != "null"]
        for name, networks in joined.items()
    }
    assert {name for name, networks in leave.items() if networks} == {"coordinator", "flower", "page"}
    # What Flower and the page send by their network finds no way back: its address is not masqueraded.
    for service in ("flower", "page"):
        assert [one["Options"]["com.docker.network.bridge.enable_ip_masquerade"] for one in leave[service]] == ["false"]


def test_the_image_holds_no_compiler_no_cache_and_no_package_installer_of_its_own(farm: Farm) -> None:
    image = farm.compose("config", "--images").stdout.split()
    name = next(one for one in image if one.startswith("neonet-fleet"))
    look = "ls -d /root/.cache /src /dist /opt/fleet/bin/pip /opt/fleet/lib/python3*/site-packages/setuptools"
    look += " 2>/dev/null; command -v gcc cc make; true"
    done = subprocess.run(
        ["docker", "run", "--rm", "--entrypoint", "sh", name, "-c", look], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    labels = json.loads(subprocess.run(["docker", "inspect", name], capture_output=True, text=True, check=True).stdout)[
        0
    ]["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == name.partition(":")[2]
    assert labels["org.opencontainers.image.licenses"] == "MIT"


def layers_of(image: str) -> list[str]:
    done = subprocess.run(["docker", "inspect", image], capture_output=True, text=True, check=True)
    layers: list[str] = json.loads(done.stdout)[0]["RootFS"]["Layers"]
    return layers


def test_a_second_build_from_nothing_gives_the_same_layers(farm: Farm, second_build: subprocess.Popen[str]) -> None:
    image = next(name for name in farm.compose("config", "--images").stdout.split() if name.startswith("neonet-fleet"))
    again, _ = second_build.communicate(timeout=250)
    assert layers_of(again.strip()) == layers_of(image)
