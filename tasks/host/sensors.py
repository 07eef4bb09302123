"""What a host tells of its power, its temperature and its CPU, by the files of Linux. Elsewhere it tells nothing."""

from __future__ import annotations

import os
from pathlib import Path

from tasks.host.cpu_time import ticks
from tasks.host.input_idle import InputIdle
from tasks.host.limits import Readings

_CENTURY_C = 1000.0


class Sensors:
    """Reads the sensors under `root`. What can't be read is None."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        #: since when nobody has used the host
        self.input = InputIdle(root)
        #: the last counts of the CPU: busy and all of it, and this process with its children, in ticks
        self._last: tuple[int, int, int] | None = None

    def read(self, *, input_too: bool = False) -> Readings:
        """The readings now; the first one knows nothing of other programs. Who uses the host is read if asked for."""
        return Readings(
            on_battery=self._on_battery(),
            hottest_c=self._hottest_c(),
            foreign_percent=self._foreign_percent(),
            untouched_s=self.input.seconds() if input_too else None,
        )

    def _on_battery(self) -> bool | None:
        """Whether no mains supply is connected, on a machine that has a battery."""
        kinds: dict[str, list[str]] = {}
        for supply in sorted((self._root / "sys/class/power_supply").glob("*")):
            kind = _text(supply / "type")
            state = _text(supply / ("online" if kind == "Mains" else "status"))
            # a mouse has a battery, too
            if _text(supply / "scope") != "Device":
                kinds.setdefault(kind, []).append(state)
        if "Battery" not in kinds:
            return None
        mains = kinds.get("Mains", [])
        return "1" not in mains if mains else "Discharging" in kinds["Battery"]

    def _hottest_c(self) -> float | None:
        found = []
        for zone in (self._root / "sys/class/thermal").glob("thermal_zone*/temp"):
            try:
                found.append(int(_text(zone)) / _CENTURY_C)
            except ValueError:
                continue
        return max(found, default=None)

    def _foreign_percent(self) -> float | None:
        counts = self._counts()
        last, self._last = self._last, counts
        if counts is None or last is None or counts[1] <= last[1]:
            return None
        busy, whole, own = (now - before for now, before in zip(counts, last, strict=True))
        return min(max(busy - own, 0) * 100 / whole, 100.0)

    def _counts(self) -> tuple[int, int, int] | None:
        try:
            counts = [int(part) for part in _text(self._root / "proc/stat").splitlines()[0].split()[1:9]]
        except (IndexError, ValueError):
            return None
        idle = counts[3] + counts[4]
        return sum(counts) - idle, sum(counts), self._own(os.getpid())

    def _own(self, pid: int) -> int:
        """Ticks of a process and all that it has started, living or not."""
        tasks = (self._root / "proc" / str(pid)).glob("task/*/children")
        children = " ".join(map(_text, tasks))
        return ticks(pid, self._root) + sum(self._own(int(child)) for child in children.split())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
