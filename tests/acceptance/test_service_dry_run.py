"""`fleet service install --dry-run`: everything is said, nothing is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.processes import run_fleet


@pytest.mark.parametrize("scope", ["--user", "--system"])
def test_a_dry_run_prints_the_unit_and_the_commands_and_writes_nothing(scope: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done = run_fleet("service", "install", "up", scope, "--dry-run", folder=home)
    assert done.returncode == 0, done.stderr
    shown = run_fleet("service", "show", "up", scope, folder=home).stdout
    assert shown in done.stdout
    assert "neonet-up.service" in done.stdout
    assert "fleet.env" in done.stdout
    assert "enable --now neonet-up.service" in done.stdout
    assert list(home.iterdir()) == []
    assert not Path("/etc/systemd/system/neonet-up.service").exists()
