"""A port of the farm that another program has, and a Redis that takes connections and says nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from fleet.doctor.diagnosis import Grade
from fleet.doctor.ports import FarmPort, listener, port_diagnoses
from fleet.doctor.redis_health import redis_diagnoses
from fleet.local.redis_server import free_port
from tests.support.diagnoses import about
from tests.support.processes import eventually


def flower(port: int) -> FarmPort:
    """The farm's Flower on this port."""
    setting = "FLEET_FLOWER__PORT"
    return FarmPort(part="flower", address="127.0.0.1", port=port, command=("tasks", "flower"), setting=setting)


def test_a_free_port_is_no_fault() -> None:
    assert about("flower port", port_diagnoses(flower(free_port()))).grade is Grade.OK


def test_a_port_of_another_program_is_a_warning_with_its_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        found = about("flower port", port_diagnoses(flower(port)))
    assert found.grade is Grade.WARN
    assert "python" in found.found
    assert "FLEET_FLOWER__PORT" in found.advice


def test_a_part_of_the_farm_that_was_started_by_its_path_is_known(tmp_path: Path) -> None:
    port, script = free_port(), tmp_path / "fleet"
    script.write_text(f"import socket\nwith socket.create_server(('127.0.0.1', {port})) as one: one.accept()\n")
    with subprocess.Popen([sys.executable, script, "coordinator"]) as process:
        try:
            eventually("a listener", lambda: listener(port))
            wanted = FarmPort(
                part="coordinator",
                address="127.0.0.1",
                port=port,
                command=("fleet", "coordinator"),
                setting="FLEET_WEB__PORT",
            )
            assert about("coordinator port", port_diagnoses(wanted)).grade is Grade.OK
        finally:
            process.kill()


def test_a_redis_that_says_nothing_ends_the_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = about("redis", redis_diagnoses(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
    assert found.grade is Grade.FAIL
    assert "can't reach Redis" in found.found
