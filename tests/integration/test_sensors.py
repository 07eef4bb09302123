"""The sensors of a host, by planted files, and the CPU of this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.host.sensors import Sensors


def plant(root: Path, files: dict[str, str]) -> Sensors:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return Sensors(root)


POWER = "sys/class/power_supply"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, None),
        ({"AC/type": "Mains", "AC/online": "1"}, None),
        ({"AC/type": "Mains", "AC/online": "1", "BAT0/type": "Battery", "BAT0/status": "Full"}, False),
        ({"AC/type": "Mains", "AC/online": "0", "BAT0/type": "Battery", "BAT0/status": "Discharging"}, True),
        ({"BAT0/type": "Battery", "BAT0/status": "Discharging"}, True),
        ({"mouse/type": "Battery", "mouse/status": "Discharging", "mouse/scope": "Device"}, None),
    ],
)
def test_a_battery_is_told_from_the_mains(tmp_path: Path, files: dict[str, str], found: bool | None) -> None:
    planted = {f"{POWER}/{name}": text for name, text in files.items()}
    assert plant(tmp_path, planted).read().on_battery is found


def test_the_hottest_zone_counts_and_a_broken_one_does_not(tmp_path: Path) -> None:
    zones = {
        f"sys/class/thermal/thermal_zone{number}/temp": text for number, text in enumerate(["41000", "x", "77500"])
    }
    assert plant(tmp_path, zones).read().hottest_c == 77.5


def test_other_programs_are_all_but_this_process_and_its_children(tmp_path: Path) -> None:
    sensors = plant(tmp_path, {"proc/stat": "cpu 100 0 100 800 0 0 0 0 0 0"})
    assert sensors.read().foreign_percent is None
    plant(tmp_path, {"proc/stat": "cpu 140 0 120 840 0 0 0 0 0 0"})
    assert sensors.read().foreign_percent == 60.0


def test_this_machine_can_be_read() -> None:
    sensors = Sensors()
    sensors.read()
    total = sum(number * number for number in range(300_000))
    found = sensors.read().foreign_percent
    assert total
    assert found is None or 0 <= found <= 100
