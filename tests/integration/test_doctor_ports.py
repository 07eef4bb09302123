"""A port of the farm that another program has, and a Redis that takes connections and says nothing."""

from __future__ import annotations

import socket

from fleet.doctor.diagnosis import Grade
from fleet.doctor.ports import FarmPort, port_diagnoses
from fleet.doctor.redis_health import redis_diagnoses
from fleet.local.redis_server import free_port
from tests.support.diagnoses import about


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


def test_a_redis_that_says_nothing_ends_the_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = about("redis", redis_diagnoses(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
    assert found.grade is Grade.FAIL
    assert "can't reach Redis" in found.found
