"""What stands above the tables: each of several servers has a line of its own."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.support.snapshots import SERVERS, snapshot
from tests.support.viewed import SIZES, Farm, shown, used


@pytest.mark.parametrize("size", SIZES)
def test_each_of_several_servers_has_a_line(size: tuple[int, int]) -> None:
    async def script(pilot: Pilot[None]) -> None:
        lines = [line for line in shown(pilot).splitlines() if line.startswith("server ")]
        assert [line.split()[1:5] for line in lines] == [
            ["main", "mining", "0.1", "NNET/min"],
            ["side", "banned", "0.1", "NNET/min"],
        ]
        assert "321 of 5,000" in lines[0]

    used(script, Farm(made=snapshot(servers=SERVERS)), size)
