"""The Compose profile `monitoring`: what it adds, and a Prometheus in it that scrapes the coordinator.

The images of Prometheus and Grafana come from a registry. Here Prometheus is this machine's, in the farm's own image.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.compose import SERVICES, Farm, until
from tests.support.lacks import lacks

pytestmark = pytest.mark.timeout(300)

_ADDED = {"monitoring-setup", "prometheus", "grafana"}
_PROFILE = ("--profile", "monitoring")
#: the binary in place of the official image, whose health check is made by a program of that image
_HERE = """
services:
  prometheus:
    image: neonet-fleet:0.1.0
    pull_policy: never
    entrypoint: [/prometheus-here]
    volumes: ["{binary}:/prometheus-here:ro"]
    healthcheck: {{ disable: true }}
"""


def stated(farm: Farm, *options: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(farm.compose(*options, "config", "--format", "json").stdout)
    return read


def test_a_farm_without_the_profile_has_nothing_of_it(farm: Farm) -> None:
    without, with_it = stated(farm), stated(farm, *_PROFILE)
    assert set(without["services"]) == {*SERVICES, "setup"}
    assert set(with_it["services"]) - set(without["services"]) == _ADDED
    for name, service in without["services"].items():
        assert with_it["services"][name] == service
    for kind in ("networks", "volumes"):
        assert not [name for name in without[kind] if name.startswith(("watch", "prometheus", "grafana"))]


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_a_service_of_the_profile_is_confined_and_pinned(farm: Farm, service: str) -> None:
    found = stated(farm, *_PROFILE)["services"][service]
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["user"] == "10001:10001"
    assert {"mem_limit", "cpus", "pids_limit"} <= set(found)
    assert found["healthcheck"]["test"]
    assert found["image"].rpartition(":")[2].lstrip("v")[0].isdigit(), "a version, not `latest`"


def test_only_grafana_is_published_and_it_asks_for_a_password(farm: Farm) -> None:
    services = stated(farm, *_PROFILE)["services"]
    assert [name for name in _ADDED if "ports" in services[name]] == ["grafana"]
    assert [port["host_ip"] for port in services["grafana"]["ports"]] == ["127.0.0.1"]
    assert set(services["grafana"]["networks"]) == {"watch"}, "no way to Redis"
    environment = services["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == environment["GF_USERS_ALLOW_SIGN_UP"] == "false"
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/password"


@pytest.fixture(scope="module")
def scraped(mining: Farm) -> Iterator[Farm]:
    """The farm, whose Prometheus has started."""
    binary = shutil.which("prometheus") or lacks("no prometheus on the PATH (Debian: apt-get install prometheus)")
    override = mining.folder / "docker-compose.override.yml"
    override.write_text(_HERE.format(binary=binary), encoding="utf-8")
    mining.compose(*_PROFILE, "up", "--detach", "prometheus")
    try:
        yield mining
    finally:
        mining.compose(*_PROFILE, "rm", "--force", "--stop", "prometheus", "monitoring-setup")
        override.unlink()


def _asked(farm: Farm, service: str, url: str, shown: str = "''") -> str:
    code = (
        "import urllib.request as u, urllib.error as e\n"
        f"request = u.Request({url!r}, headers={{'Authorization': 'Bearer ' + {shown}}})\n"
        "try: print(u.urlopen(request, timeout=10).read().decode())\n"
        "except e.HTTPError as exc: print(exc.code)"
    )
    return farm.run_in(service, "python", "-c", code)


def test_prometheus_reads_the_coordinator_and_evaluates_the_rules(scraped: Farm) -> None:
    def asked(path: str) -> Any:
        exec_in = (*_PROFILE, "exec", "--no-TTY", "prometheus", "python", "-c")
        code = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:9090/api/v1/{path}').read().decode())"
        return json.loads(scraped.compose(*exec_in, code).stdout)["data"]

    until(lambda: [row["value"][1] for row in asked("query?query=up")["result"]] == ["1"], 120, "a scrape")
    assert float(asked("query?query=neonet_ledger_nnet")["result"][0]["value"][1]) > 0
    names = {rule["name"] for group in asked("rules")["groups"] for rule in group["rules"]}
    assert "NeonetNotPaid" in names


def test_only_the_token_opens_the_metrics(mining: Farm) -> None:
    url = "http://coordinator:9808/metrics"
    assert _asked(mining, "worker", url).strip() == "401", "a worker has none"
    read_token = "open('/run/secrets/FLEET_WEB__METRICS_TOKEN').read().strip()"
    assert "neonet_ledger_nnet" in _asked(mining, "coordinator", url, read_token)
    done = mining.compose("exec", "--no-TTY", "worker", "ls", "/run/secrets/FLEET_WEB__METRICS_TOKEN", check=False)
    assert done.returncode != 0


def test_the_passwords_are_made_once(scraped: Farm) -> None:
    def keys() -> str:
        look = ("run", "--rm", "--no-deps", "--no-TTY", "--entrypoint", "sh", "monitoring-setup", "-c")
        return scraped.compose(*_PROFILE, *look, "cat /setup/keys/metrics-token /setup/grafana/password").stdout

    before = keys()
    assert len(before) > 60
    done = scraped.compose(*_PROFILE, "run", "--rm", "--no-TTY", "monitoring-setup")
    assert "Grafana: user farmer, password by" in done.stdout
    assert keys() == before
