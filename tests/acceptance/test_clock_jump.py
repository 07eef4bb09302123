"""A whole farm whose machine's clock is set while it mines, from a time without a battery to the true one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.farms import farm, farm_settings
from tests.support.processes import ROOT, run_fleet

#: loaded by each Python of the farm before anything else: the wall clock, and no other, shows what a file adds to it
_SHIFTED = """\
import time
from pathlib import Path
_true = time.time_ns
_shift = Path(__file__).with_name("shift")
time.time_ns = lambda: _true() + int(_shift.read_text() or 0) * 10**9
"""
_JUMP = "[WARN]   the clock of this machine jumped forward by 20 h 0 min"


def test_a_jump_of_the_clock_is_said_once_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_SHIFTED)
    shift = tmp_path / "shift"
    shift.write_text(str(-20 * 3600))
    settings = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    folder = tmp_path / "farm"
    with farm(folder, "--miners", "2", "--json", settings=settings) as process:
        process.says("[REWARD]")
        # replaced at once: a reader never finds half a number
        (tmp_path / "new").write_text("0")
        (tmp_path / "new").replace(shift)
        process.says(_JUMP)
        process.says("[REWARD]", times=(process.out + process.err).count("[REWARD]") + 5)
        process.send(2)
        assert process.wait() == 0
    assert process.err.count("the clock of this machine jumped") == 1
    figures = json.loads(process.out.splitlines()[-1])
    assert figures["duration_s"] < 3_600
    done = run_fleet("rewards", "--by", "hour", folder=folder, settings=farm_settings(folder))
    assert done.returncode == 0
    assert "jumped forward by 20 h 0 min" in done.stderr
    assert run_fleet("ledger", "verify", folder=folder, settings=farm_settings(folder)).returncode == 0
