"""Names that Kubernetes sets for a service `fleet` are nobody's mistake; the same names with other values are."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load
from config.service_links import is_service_link

#: what a pod beside services `fleet`, `fleet-redis` and `fleet-server` gets, named ports included
POD = {
    "FLEET_SERVICE_HOST": "10.96.13.7",
    "FLEET_SERVICE_PORT": "80",
    "FLEET_SERVICE_PORT_HTTP": "80",
    "FLEET_PORT": "tcp://10.96.13.7:80",
    "FLEET_PORT_80_TCP": "tcp://10.96.13.7:80",
    "FLEET_PORT_80_TCP_PROTO": "tcp",
    "FLEET_PORT_80_TCP_PORT": "80",
    "FLEET_PORT_80_TCP_ADDR": "10.96.13.7",
    "FLEET_REDIS_SERVICE_HOST": "fd00:10:96::a",
    "FLEET_REDIS_PORT": "tcp://[fd00:10:96::a]:6379",
    "FLEET_REDIS_PORT_6379_TCP": "tcp://[fd00:10:96::a]:6379",
    "FLEET_REDIS_PORT_6379_TCP_ADDR": "fd00:10:96::a",
    "FLEET_SERVER_SERVICE_HOST": "10.96.13.8",
    "FLEET_SERVER_PORT": "udp://10.96.13.8:53",
    "FLEET_FLOWER_PORT": "tcp://10.96.13.9:5555",
}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_pod_beside_services_of_our_name_loads_its_settings() -> None:
    assert load(environ=POD | {"FLEET_CPU": "3"}).cpu == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FLEET_PORT", "8000"),
        ("FLEET_SERVICE_HOST", "neonet.example.com"),
        ("FLEET_FLOWER_PORT", "5556"),
        ("FLEET_SERVICE_PORT", "https"),
        ("FLEET_PORT_80_TCP_PROTO", "http"),
    ],
)
def test_the_same_name_with_a_value_of_somebodys_own_is_a_mistake(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} .environment.: no such setting"):
        load(environ={name: value})


def test_such_a_name_in_a_file_is_a_mistake_whatever_its_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FLEET_PORT=tcp://10.96.13.7:80\n")
    with pytest.raises(ConfigError, match="FLEET_PORT"):
        load(environ={})


@pytest.mark.parametrize("name", ["FLEET_FLOWER__PORT", "FLEET_HTTP__CONNECTIONS", "FLEET_SERVER", "FLEET_ID"])
def test_a_setting_of_ours_is_never_taken_for_one(name: str) -> None:
    assert not is_service_link(name, "8000")
    assert not is_service_link(name, "10.0.0.1")
