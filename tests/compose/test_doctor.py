"""The doctor in the containers of a sound farm, and a new certificate on its way to the Redis that runs."""

from __future__ import annotations

import json

import pytest

from tests.support.compose import Farm, until
from tests.support.diagnoses import OF_THE_MACHINE

pytestmark = pytest.mark.timeout(300)


def test_the_doctor_finds_nothing_wrong_in_the_containers(mining: Farm) -> None:
    for service, options in (("coordinator", []), ("worker", ["--host"])):
        said = json.loads(mining.run_in(service, "fleet", "doctor", "--json", *options))
        faults = [one for one in said["checks"] if one["grade"] == "fail"]
        faults += [one for one in said["checks"] if one["grade"] == "warn" and one["subject"] not in OF_THE_MACHINE]
        assert not faults, faults
        found = {one["subject"]: one["found"] for one in said["checks"]}
        wanted = (
            ("worker versions", "farm certificate", "farm authority") if service == "coordinator" else ("wire version",)
        )
        assert set(wanted) <= found.keys()


def test_a_new_certificate_reaches_the_running_redis(mining: Farm) -> None:
    mining.run_in("renewal", "sh", "-c", "rm /setup/redis/server.crt && fleet renew")
    until(lambda: "Redis uses the renewed certificate" in mining.logs("redis"), 90, "the certificate's way to Redis")
    mining.goes_on(10)


def test_an_upgrade_is_tried_beside_the_farm_and_proved(mining: Farm) -> None:
    tried = mining.compose("run", "--rm", "--no-deps", "--no-TTY", "coordinator", "fleet", "upgrade-check").stdout
    assert "ok    ledger: a copy was checked" in tried
    assert "ok    order: coordinator first" in tried
    mining.goes_on(10)
    assert ", lost 0; entries before " in mining.run_in("coordinator", "fleet", "upgrade-check", "--proof")


@pytest.mark.parametrize(("service", "options"), [("coordinator", ""), ("worker", "--host ")])
def test_a_report_comes_out_of_the_container(mining: Farm, service: str, options: str) -> None:
    done = mining.compose("exec", "--no-TTY", service, "sh", "-c", f"fleet report {options}- | tar -tzf -")
    assert "/doctor.json" in done.stdout
