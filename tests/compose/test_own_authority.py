"""FLEET_HTTP__CA_FILE names a file on the host, and the coordinator in its container trusts what is in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fleet.hosts.certificates import ensure_authority
from tests.support.compose import Farm

pytestmark = pytest.mark.timeout(300)


def ran(farm: Farm, ca_file: Path | str, *command: str) -> subprocess.CompletedProcess[str]:
    """One run in the coordinator's container, which finds no Redis."""
    lacking = ("--env", "HOLD_S=0", "--env", "FLEET_REDIS_URL=redis://nowhere.invalid")
    options = ("run", "--rm", "--no-deps", "--no-TTY", *lacking, "coordinator", *command)
    return farm.compose(*options, check=False, FLEET_HTTP__CA_FILE=str(ca_file))


def test_the_authority_of_ones_own_is_the_one_that_the_coordinator_reads(farm: Farm) -> None:
    ensure_authority(farm.folder)
    # the user of the container is another one
    (farm.folder / "ca.crt").chmod(0o644)
    for name in (farm.folder / "ca.crt", "./ca.crt"):
        done = ran(farm, name, "sh", "-c", 'cat "$FLEET_HTTP__CA_FILE"; fleet config')
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith((farm.folder / "ca.crt").read_text(encoding="utf-8"))
        assert "/run/authorities.pem" in done.stdout


def test_a_file_that_holds_no_authority_ends_the_coordinator_in_one_line(farm: Farm) -> None:
    (farm.folder / "none.pem").write_text("nothing\n", encoding="utf-8")
    done = ran(farm, "./none.pem")
    assert done.returncode == 78
    assert "FLEET_HTTP__CA_FILE: /run/authorities.pem holds no certificate in PEM form" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_file_nothing_is_mounted(farm: Farm) -> None:
    done = farm.compose("run", "--rm", "--no-deps", "--no-TTY", "coordinator", "ls", "/run")
    assert "authorities.pem" not in done.stdout
