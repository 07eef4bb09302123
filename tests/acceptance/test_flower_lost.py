"""A Flower that dies, whose port is taken, or that cannot write costs the farm nothing."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from pathlib import Path

from fleet.local.redis_server import free_port
from tests.acceptance.test_deaths import rewards
from tests.acceptance.test_output_lost import LOST
from tests.support.farms import farm, farm_settings
from tests.support.processes import environ, eventually, nothing_left, started, stop


def is_served(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def bound(listener: socket.socket, port: int) -> bool:
    """Try to take a port."""
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        return False
    return True


def test_flower_moves_when_another_program_has_taken_its_port(tmp_path: Path) -> None:
    port = free_port()
    settings = {"FLEET_FLOWER__ENABLED": "true", "FLEET_FLOWER__PORT": str(port)}
    with farm(tmp_path, "--miners", "1", settings=settings) as process, socket.socket() as other:
        process.says("[REWARD]")
        eventually("Flower's port", lambda: is_served(port))
        os.kill(process.child("tasks flower").pid, signal.SIGKILL)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        eventually("the port that Flower had", lambda: bound(other, port))
        process.says(f"port {port} is in use; Flower uses ")
        new = int(re.findall(r"Flower uses (\d+)", process.out)[-1])
        eventually("Flower's new port", lambda: is_served(new))


def test_a_flower_that_cannot_start_does_not_stop_the_mining(tmp_path: Path) -> None:
    settings = {"FLEET_FLOWER__ENABLED": "true", "FLEET_FLOWER__ADDRESS": "192.0.2.1"}
    with farm(tmp_path, "--miners", "1", "--json", settings=settings) as process:
        process.says("mining goes on without Flower")
        before = rewards(process)
        eventually("rewards without Flower", lambda: rewards(process) > before + 3)
        assert stop(process) == 0, process.words()
        nothing_left(process)


def test_flower_serves_without_its_output(tmp_path: Path, redis_url: str) -> None:
    port = free_port()
    env = environ(tmp_path, farm_settings(tmp_path, {"FLEET_REDIS_URL": redis_url, "FLEET_FLOWER__PORT": str(port)}))
    argv = ["sh", "-c", LOST["a full disk"], "sh", sys.executable, "-m", "tasks", "flower"]
    with started(argv, tmp_path, env) as process:
        eventually("Flower's port", lambda: is_served(port))
        assert process.running
