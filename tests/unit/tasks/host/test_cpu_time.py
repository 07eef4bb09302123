"""CPU time as Linux states it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tasks.host.cpu_time import cpu_s, ticks

#: a command's name may hold spaces and brackets
_STAT = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 1 0 5000 1000 200"


def test_a_process_and_its_ended_children_are_counted(tmp_path: Path) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/stat").write_text(_STAT)
    assert ticks(7, tmp_path) == 11 + 22 + 33 + 44
    assert ticks(7, tmp_path, ended_children=False) == 11 + 22


def test_a_process_that_is_gone_has_used_nothing(tmp_path: Path) -> None:
    assert ticks(7, tmp_path) == 0


def test_it_is_what_python_measures() -> None:
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    assert abs(cpu_s(os.getpid()) - time.process_time()) < 0.1
