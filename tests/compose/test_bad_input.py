"""What a mistake ends in: one clear line, exit code 78 or 69, and a container that does not spin."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.support.compose import Farm, inspect, until

pytestmark = pytest.mark.timeout(300)


def ended(farm: Farm, service: str, *options: str, command: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """Exit code and last lines of one run of a service that is expected to end by itself."""
    done = farm.compose(
        "run", "--rm", "--no-deps", "--no-TTY", "--env", "HOLD_S=0", *options, service, *command, check=False
    )
    return done.returncode, [line for line in done.stderr.splitlines() if line and not line.startswith(" ")]


@pytest.mark.parametrize(
    ("service", "variable", "code", "said"),
    [
        ("coordinator", "FLEET_SERVER=not-a-url", 78, "must be a URL that starts with"),
        ("coordinator", "FLEET_SERVER=http://neonet.example.com", 78, "plain http to neonet.example.com"),
        ("coordinator", "FLEET_MINERS=0", 78, "FLEET_MINERS"),
        ("coordinator", "FLEET_SERVRE=https://neonet.example.com", 78, "did you mean FLEET_SERVER"),
        ("coordinator", "FLEET_REDIS_URL=redis://coordinator:wrong@redis:6379/0", 69, "Redis refuses this role"),
        ("worker", "FLEET_REDIS_URL=redis://worker:wrong@redis:6379/0", 69, "Redis refuses this role"),
        ("flower", "FLEET_REDIS_URL=redis://flower:wrong@redis:6379/0", 69, "Redis refuses this role"),
        ("coordinator", "FLEET_SECRETS_DIR=/var/empty", 78, "/var/empty"),
        ("worker", "FLEET_SECRETS_DIR=/tmp", 78, "FLEET_REDIS_URL is not set"),
        ("coordinator", "FLEET_STATE_DIR=/nowhere", 69, "/nowhere"),
    ],
)
def test_a_mistake_ends_in_one_line_and_its_code(
    mining: Farm, service: str, variable: str, code: int, said: str
) -> None:
    seen, lines = ended(mining, service, "--env", variable)
    assert seen == code
    assert said in lines[-1]
    assert len([line for line in lines if "Traceback" in line]) == 0


def test_a_full_disk_ends_in_one_line(mining: Farm) -> None:
    fill = "dd if=/dev/zero of=/tmp/full bs=1M count=80 2>/dev/null; exec entrypoint fleet coordinator"
    options = ("--env", "FLEET_STATE_DIR=/tmp/state", "--entrypoint", "sh")
    seen, lines = ended(mining, "coordinator", *options, command=("-c", fill))
    assert seen == 69
    assert "Traceback" not in "".join(lines)


def test_a_port_in_use_is_said_by_name(mining: Farm) -> None:
    with_taken_port = mining.compose(
        "run", "--rm", "--no-deps", "--no-TTY", "--service-ports", "flower", "true", check=False
    )
    assert with_taken_port.returncode != 0
    assert str(mining.flower_port) in with_taken_port.stderr
    assert "already" in with_taken_port.stderr


def test_a_mistake_does_not_make_compose_spin(mining: Farm) -> None:
    mining.compose("up", "--detach", "--no-deps", "coordinator", FLEET_SERVER="ftp://example.com")
    container = mining.containers("coordinator")[0]
    until(lambda: "must be a URL" in mining.logs("coordinator"), 30, "the mistake is said")
    time.sleep(5)
    assert inspect(container)["RestartCount"] == 0
    subprocess.run(["docker", "stop", container], check=True, capture_output=True, timeout=20)
    assert inspect(container)["State"]["ExitCode"] == 78


def test_the_simulator_stops_once_a_server_is_named(mining: Farm) -> None:
    with (mining.folder / ".env").open("a", encoding="utf-8") as environment:
        environment.write("FLEET_SERVER=https://127.0.0.1:1\n")
    mining.compose("up", "--detach")
    assert mining.containers("simulator") == []
    until(lambda: "https://127.0.0.1:1" in mining.logs("coordinator"), 30, "the named server is mined")
    assert "SIMULATED" not in mining.logs("coordinator")
