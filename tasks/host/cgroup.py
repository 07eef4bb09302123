"""The limits of this process's control groups, version 1 or 2: CPU, memory, processes, and out-of-memory kills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
#: version 1 limits from here on mean no limit: its "none" is the largest number of whole pages
_NO_LIMIT = 1 << 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """The control groups of one process."""

    #: mount point of the groups
    root: Path
    #: the process's own lines: `0::/path` for version 2, `4:cpu,cpuacct:/path` for version 1
    own: str = ""

    def cpus(self) -> float | None:
        """The number of CPUs usable at once, by the smallest quota; None without one."""
        quotas = [*map(_quota_2, self._folders("")), *map(_quota_1, self._folders("cpu"))]
        return min((quota for quota in quotas if quota is not None), default=None)

    def memory_bytes(self) -> int | None:
        """The usable memory in bytes, by the smallest limit; None without one."""
        limits = [_number(folder / "memory.max") for folder in self._folders("")]
        limits += [_number(folder / "memory.limit_in_bytes") for folder in self._folders("memory")]
        return min((limit for limit in limits if limit is not None and limit < _NO_LIMIT), default=None)

    def tasks_left(self) -> int | None:
        """The processes and threads that may still be started, by the tightest limit; None without one."""
        left = []
        for folder in (*self._folders(""), *self._folders("pids")):
            most, current = _number(folder / "pids.max"), _number(folder / "pids.current")
            if most is not None and current is not None:
                left.append(max(most - current, 0))
        return min(left, default=None)

    def oom_kills(self) -> int:
        """The number of processes of the innermost group killed for lack of memory since the group was created."""
        for controller, name in (("", "memory.events"), ("memory", "memory.oom_control")):
            for folder in self._folders(controller):
                for line in _text(folder / name).splitlines():
                    key, _, count = line.partition(" ")
                    if key == "oom_kill" and count.isdecimal():
                        return int(count)
        return 0

    def _folders(self, controller: str) -> Iterator[Path]:
        """The process's own group and those around it, innermost first; version 2 has the empty controller."""
        root = self.root / controller
        path = self._path(controller)
        # a container sees its own group as the root, whatever its path outside
        inner = root / path.lstrip("/") if path else root
        while inner != root and root in inner.parents:
            if inner.is_dir():
                yield inner
            inner = inner.parent
        yield root

    def _path(self, controller: str) -> str:
        for line in self.own.splitlines():
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            # a process outside its namespace has a path like `/../outside`
            if controller in controllers.split(",") and ".." not in path.split("/"):
                return path
        return ""


def groups() -> Groups:
    """The groups of this process."""
    return Groups(root=ROOT, own=_text(OWN))


def _quota_2(folder: Path) -> float | None:
    quota, _, period = _text(folder / "cpu.max").partition(" ")
    return _share(quota, period)


def _quota_1(folder: Path) -> float | None:
    return _share(_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us"))


def _share(quota: str, period: str) -> float | None:
    # no quota is `max` in version 2 and -1 in version 1
    return int(quota) / int(period) if quota.isdecimal() and period.isdecimal() and int(period) else None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
