"""A port that another program holds costs a farm its Flower's place, and no reward."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.support.farms import farm


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_flower_moves_where_its_port_is_taken_and_mining_goes_on(
    family: socket.AddressFamily, address: str, tmp_path: Path
) -> None:
    with socket.socket(family) as holder:
        holder.bind((address, 0))
        holder.listen()
        port = holder.getsockname()[1]
        settings = {
            "FLEET_FLOWER__ENABLED": "true",
            "FLEET_FLOWER__ADDRESS": address,
            "FLEET_FLOWER__PORT": str(port),
        }
        with farm(tmp_path / "farm", "--miners", "1", settings=settings) as process:
            process.says(f"port {port} is in use; Flower uses ")
            process.says("[REWARD]")
            moved = re.findall(r"Flower uses (\d+)", process.out + process.err)
            assert moved
            assert int(moved[0]) != port
            process.says(f"Flower:    http://{'[::1]' if address == '::1' else address}:{moved[0]}")
