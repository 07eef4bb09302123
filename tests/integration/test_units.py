"""The systemd units, as systemd's own tools see them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fleet.errors import ServiceError
from fleet.hosts.systemd import Installation, Part, unit, unit_name

ROOT = Path(__file__).parents[2]
_SYSTEM = Installation(
    command="/opt/neonet-fleet/bin/fleet",
    state_dir="/var/lib/neonet-fleet",
    env_file="/etc/neonet-fleet/fleet.env",
    system=True,
)
_MOST_EXPOSURE = 3.0


@pytest.mark.parametrize("part", Part)
def test_the_shipped_unit_is_the_one_that_is_installed(part: Part) -> None:
    assert (ROOT / "deploy/systemd" / unit_name(part)).read_text(encoding="utf-8") == unit(part, _SYSTEM)


@pytest.mark.parametrize("part", Part)
def test_systemd_finds_a_system_unit_exposed_below_3(part: Part, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    path = tmp_path / unit_name(part)
    path.write_text(unit(part, _SYSTEM), encoding="utf-8")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    level = re.search(r"exposure level for .*: ([0-9.]+)", said)
    assert level is not None, said
    assert float(level.group(1)) < _MOST_EXPOSURE


def test_a_users_unit_asks_for_nothing_that_only_root_may() -> None:
    text = unit(Part.WORKER, Installation(command="/x/fleet", state_dir="/x/s", env_file="/x/e", system=False))
    assert "WantedBy=default.target" in text
    assert not {"User=", "ProtectSystem=", "CapabilityBoundingSet="} & {
        line.split("=")[0] + "=" for line in text.splitlines()
    }


@pytest.mark.parametrize("path", ["/a b/fleet", "/a%h/fleet", "/a$x/fleet", '/a"/fleet'])
def test_a_path_that_systemd_would_misread_is_refused(path: str) -> None:
    with pytest.raises(ServiceError, match="install elsewhere"):
        unit(Part.WORKER, Installation(command=path, state_dir="/s", env_file="/e", system=True))
