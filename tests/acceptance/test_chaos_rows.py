"""`make chaos` after a missing part: the row that can't be played is a flaw, and the rows after it are made."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tests.chaos import __main__ as chaos
from tests.chaos.acts import Havoc
from tests.chaos.farm import Setup
from tests.chaos.table import Row
from tests.chaos.turns import Turn, rows_of


def turn(name: str, setup: Setup, parts: Sequence[str] = ()) -> Turn:
    """A turn that needs files in the farm's folder."""

    def play(havoc: Havoc) -> Row:
        for part in parts:
            (havoc.farm.folder / part).read_bytes()
        return Row(fault=name, what=str(havoc.farm.counters()["accepted"]), trials=1)

    return Turn(fault=name, what=name, setup=setup, play=play)


@pytest.mark.timeout(300)
def test_a_part_that_is_missing_costs_only_the_row_that_needs_it(tmp_path: Path) -> None:
    small, broken = Setup(hosts=0), Setup(hosts=0, latency="no latency")
    turns = [turn("A", small), turn("B", small, ["appendonlydir"]), turn("C", small)]
    turns += [turn("D", broken), turn("E", small)]
    rows = list(rows_of(turns, tmp_path, Random(1)))
    assert [row.fault for row in rows] == ["A", "B", "C", "D", "E"]
    assert [bool(row.flaws) for row in rows] == [False, True, False, True, False]
    assert "FileNotFoundError" in rows[1].flaws[0]
    assert "appendonlydir" in rows[1].flaws[0]
    assert rows[2].what == "0", "the row after a broken one has a farm of its own"


@pytest.mark.timeout(300)
def test_a_run_whose_redis_is_missing_prints_every_row_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_there(_folder: Path) -> None:
        raise FileNotFoundError("redis-server")

    monkeypatch.setattr("tests.chaos.farm.start_redis", none_there)
    environ_before = dict(os.environ)
    assert chaos.main(["--only", "C1,R1", "--trials", "1", "--out", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr().out
    for row in ("| C1 |", "| R1 | Redis restarted under load |", "| R1 | Redis restarted while no worker is there |"):
        assert row in printed
    assert printed.count("- R1: it could not be played: FileNotFoundError") == 2
    assert "No failure in" not in printed
    assert dict(os.environ) == environ_before, "what comes after it would run with a slow disk"
