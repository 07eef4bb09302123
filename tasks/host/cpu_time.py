"""CPU time of processes, read from Linux's /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
#: places of `utime` and of what follows `cstime` among the fields after the command's name, see proc_pid_stat(5)
_UTIME, _AFTER_CSTIME = 11, 15


def ticks(pid: int, root: Path = Path("/"), *, ended_children: bool = True) -> int:
    """Ticks that a process has used, with its children that have ended unless they are left out; 0 where unknown."""
    try:
        fields = (root / "proc" / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        after = _AFTER_CSTIME if ended_children else _UTIME + 2
        return sum(int(part) for part in fields.rpartition(")")[2].split()[_UTIME:after])
    except (OSError, ValueError):
        return 0


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, without its children; 0 where unknown."""
    return ticks(pid, ended_children=False) / _TICKS_PER_S
