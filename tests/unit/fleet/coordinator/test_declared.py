"""What miners register is what the largest host has, and a claim beyond it is told."""

from __future__ import annotations

import pytest

from config.settings import Settings
from fleet.coordinator import declared
from fleet.coordinator.declared import Declared, claimed, largest, of_this_machine, overstated
from tasks.broker.stated_host import StatedHost
from tasks.host.hardware import Gpu, Hardware

SHED = StatedHost(cores=4, memory_mb=8_000, gpus=(("RTX 4090", 24_576), ("GTX 1650", 4_096)))
ATTIC = StatedHost(cores=16, memory_mb=8_000)


def test_the_largest_host_has_the_most_cores_and_the_largest_gpu() -> None:
    assert largest([SHED, ATTIC]) == Declared(cpu_cores=16, gpu_memory_mb=24_576, gpu_model="RTX 4090")
    assert largest([ATTIC]) == Declared(cpu_cores=16)
    assert largest([]) is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ""),
        ({"cpu": 16, "gpu_mem": 24_576}, ""),
        ({"cpu": 17}, "Miners register 17 cores, and the largest host has 16."),
        ({"gpu_mem": 32_768}, "Miners register a GPU of 32,768 MB, and the largest GPU of a host has 24,576 MB."),
        (
            {"miner": [{"id": "a", "cpu_cores": 32, "gpu_memory_mb": 99_999}, {"id": "b"}]},
            (
                "Miners register 32 cores, and the largest host has 16; "
                "a GPU of 99,999 MB, and the largest GPU of a host has 24,576 MB."
            ),
        ),
        # tables count alone
        ({"cpu": 64, "miner": [{"id": "a"}]}, ""),
    ],
)
def test_a_claim_beyond_the_largest_host_is_told(settings: dict[str, object], words: str) -> None:
    assert overstated(claimed(Settings.model_validate(settings)), largest([SHED, ATTIC])) == words


def test_a_gpu_is_claimed_where_no_host_has_one() -> None:
    claims = claimed(Settings.model_validate({"gpu_mem": 8_192}))
    assert overstated(claims, largest([ATTIC])) == "Miners register a GPU of 8,192 MB, and no host has a GPU."


def test_nothing_is_told_while_no_host_is_known() -> None:
    assert overstated(claimed(Settings.model_validate({"cpu": 4_096})), None) == ""


@pytest.mark.parametrize("gpus", [(), (("GTX 1650", 4_096), ("RTX 4090", 24_576)), (("Tegra", 0),)])
def test_this_machine_has_what_a_host_with_the_same_hardware_has(
    monkeypatch: pytest.MonkeyPatch, gpus: tuple[tuple[str, int], ...]
) -> None:
    here = Hardware(cpu_cores=4, memory_mb=8_000, gpus=tuple(Gpu(model=one, memory_mb=mb) for one, mb in gpus))
    monkeypatch.setattr(declared, "detect", lambda: here)
    assert of_this_machine() == largest([StatedHost(cores=4, memory_mb=8_000, gpus=gpus)])
