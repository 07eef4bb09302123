"""Options that make no sense."""

from __future__ import annotations

import pytest

from fleet.simulator.errors import OptionError
from fleet.simulator.options import SimulatorOptions


@pytest.mark.parametrize(
    "wrong",
    [
        {"dialect": "z"},
        {"port": 70_000},
        {"share_min": -1},
        {"share_min": 1, "share_max": 0.5},
        {"block_budget": -1},
        {"save_balances_s": -1},
        {"shutdown_at": -1},
    ],
)
def test_wrong_options_cannot_be_built(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        SimulatorOptions(**wrong)  # type: ignore[arg-type]
