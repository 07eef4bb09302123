"""What the terminal, the status line and the health file say while every worker pauses."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet.coordinator.alive_file import AliveFile
from fleet.coordinator.output.lines import Lines
from fleet.coordinator.output.output import RunOutput
from fleet.domain.amounts import ZERO
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from tests.support.answered import Answered


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger(open_engine("sqlite://"), "s") as opened:
        yield opened


def test_workers_that_all_pause_are_no_fault_and_the_terminal_says_so(ledger: Ledger, tmp_path: Path) -> None:
    made, out, alive = Answered(ledger).registered(), io.StringIO(), tmp_path / "alive"
    clock = [made.now]
    report = RunOutput(Lines(out), job_lines_per_s=0, status_every_s=30.0, total=ZERO, clock=lambda: clock[0])
    pulse = AliveFile(alive)

    def on(seconds: float, *, present: bool, pausing: str = "") -> None:
        made.farm.on_workers(clock[0], present=present, pausing=pausing)
        for _ in range(int(2 * seconds)):
            clock[0] += 0.5
            pulse.tick(made.farm, clock[0])
            report.tick(made.farm, clock[0])

    on(30.0, present=False, pausing="barn: it is hot: 86 °C")
    on(30.0, present=False, pausing="barn: it is hot: 87 °C")
    said = "[STEER]  every worker pauses: barn: it is hot: 8"
    assert out.getvalue().count(said) == 1, "not for each degree"
    assert "every worker has paused for" in out.getvalue(), "the status says so, too"
    assert (alive.read_text(), "no worker" in out.getvalue().lower()) == ("", False)
    on(10.0, present=False)
    assert out.getvalue().count("[WARN]   no worker takes jobs") == 1, "those that paused are gone"
    on(10.0, present=True)
    assert out.getvalue().count("[OK]     a worker takes jobs") == 1
