"""Who gives a server up, and when: `fleet up` by hand after two minutes, nobody else unless told to."""

from __future__ import annotations

import pytest

from config.settings import Settings
from fleet.commands.arguments.durations import GIVE_UP
from fleet.hosts.systemd import Installation, Part, unit


@pytest.mark.parametrize("system", [False, True])
@pytest.mark.parametrize("part", [Part.UP, Part.COORDINATOR])
def test_a_unit_never_gives_up_unless_its_file_of_settings_says_so(part: Part, system: bool) -> None:
    where = Installation(command="/opt/f/bin/fleet", state_dir="/var/lib/f", env_file="/etc/f/fleet.env", system=system)
    lines = unit(part, where).splitlines()
    given = [line for line in lines if line.startswith("Environment=") and " FLEET_GIVE_UP_S=0 " in line]
    assert len(given) == 1
    assert "EnvironmentFile=-/etc/f/fleet.env" in lines, "what stands there overrides Environment="


def test_nothing_is_given_up_unless_it_is_set() -> None:
    assert Settings().give_up_s is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), (" 0 ", 0.0), ("90", 90.0), ("2m", 120.0), ("1h30m", 5400.0)]
)
def test_a_patience_is_a_time_or_never(text: str, seconds: float) -> None:
    assert GIVE_UP.convert(text, None, None) == seconds
