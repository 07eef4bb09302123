"""A table of 80 columns keeps what is needed: it leaves out columns, and then shortens names in their middle."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.console import Console

from fleet.commands.printing.fitted_table import FittedTable


def lines(width: int, *names: str) -> list[str]:
    made = FittedTable({"host": 0, "computed": 1, "free": 0}, right=("computed", "free"))
    for name in names:
        made.add((name, "1,234", "8"))
    screen = Console(width=width, color_system=None)
    with screen.capture() as captured:
        screen.print(made)
    return captured.get().splitlines()


def test_a_column_is_left_out_before_a_name_is_shortened() -> None:
    assert "computed" in lines(60, "n" * 40)[0]
    assert "computed" not in lines(50, "n" * 40)[0]
    assert "n" * 40 in lines(50, "n" * 40)[1]


@pytest.mark.parametrize("name", ["a-host-with-a-long-name.of-a-data-centre.example.com", "再" * 30])
def test_a_name_that_does_not_fit_keeps_its_beginning_and_its_end_in_one_line(name: str) -> None:
    found = lines(30, name, "shed")
    assert len(found) == 3
    assert found[1].startswith(name[:8])
    assert found[1].rstrip(" 8").endswith(name[-3:])
    assert "…" in found[1]
    assert all(cell_len(line.rstrip()) <= 30 for line in found)
