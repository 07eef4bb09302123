"""The first lines of a run."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest

from config.server_tables import ServerSettings
from fleet.coordinator.output.banner import print_banner
from fleet.coordinator.output.lines import Lines
from fleet.domain.jobs import MinerSpec


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([MinerSpec(miner_id="a"), MinerSpec(miner_id="b")], "CPU cores: 4 a miner    GPU: none"),
        (
            [MinerSpec(miner_id="a", gpu_memory_mb=8192, gpu_model="RTX 4090")] * 2,
            "CPU cores: 4 a miner    GPU: RTX 4090 (8192 MB)",
        ),
        (
            [MinerSpec(miner_id="a", cpu_cores=16, gpu_memory_mb=8192, gpu_model="RTX 4090"), MinerSpec(miner_id="b")],
            "CPU cores: 4 to 16 a miner    GPU: 1 × RTX 4090 (8192 MB)",
        ),
    ],
)
def test_the_banner_says_what_all_miners_declare(specs: list[MinerSpec], words: str) -> None:
    out, server = io.StringIO(), "https://neonet.example.com"
    servers = [ServerSettings(name="server", url=server)]
    print_banner(
        Lines(out), servers=servers, simulated=False, auto=False, specs=specs, ledger="ledger.sqlite", booked=Decimal(0)
    )
    assert words in out.getvalue().splitlines()
