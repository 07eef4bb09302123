"""The file for health checks: stale while the loop or a thread is stuck, and it names the problem that a farm has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fleet.coordinator.farms import AnyFarm, Prospects
from fleet.server.prospect import Prospect
from fleet.threads import Progress, WatchedThread
from tasks.host.no_link import no_link

_BEAT_S = 5.0
#: seconds without a worker until the file says so
_PROBLEM_S = 8.0
#: how long a turn of the loop may take, in seconds; it waits for the disk, which may be slow
_PATIENCE_S = 60.0


class AliveFile:
    """Touches `path` at the end of a turn, at most every five seconds.

    It touches the file only while the loop and every thread make progress. A thread that has ended raises ThreadEnded
    at the end of a turn.
    """

    def __init__(
        self,
        path: Path | None,
        threads: Sequence[WatchedThread] = (),
        prospect: Prospect | Prospects | None = None,
        *,
        hosts_pause: Callable[[], bool] = lambda: False,
    ) -> None:
        """`hosts_pause` is whether worker hosts are paused: then it is no problem that no worker takes jobs."""
        self._prospect, self._hosts_pause = prospect, hosts_pause
        #: the file's text; None when an earlier process may have written it
        self._written: str | None = None
        self._path = path
        self._threads = threads
        self._loop = Progress("loop", _PATIENCE_S)
        self._beat_at = float("-inf")

    @property
    def all_progress(self) -> list[Progress]:
        """The progress of the loop and of each thread."""
        return [self._loop, *(thread.progress for thread in self._threads)]

    def tick(self, farm: AnyFarm, now: float) -> None:
        """End of a turn: record the loop's progress, check the threads, and touch the file when due."""
        self._loop.beat()
        for thread in self._threads:
            thread.check()
        due = self._path is not None and now - self._beat_at >= _BEAT_S
        if self._path is not None and due and all(progress.is_recent(now) for progress in self.all_progress):
            self._beat_at = now
            self._write(self._path, self._problem(farm, now))

    def _problem(self, farm: AnyFarm, now: float) -> str:
        """The farm's problem as a sentence; empty when it has none."""
        absent_since, wanted = farm.workers.absent_since, bool(farm.workers.pausing) or self._hosts_pause()
        if absent_since is not None and now - absent_since >= _PROBLEM_S and not wanted:
            return "no worker takes jobs"
        verdict = self._prospect.unhealthy(now) if self._prospect else None
        return verdict.text if verdict else ""

    def _write(self, path: Path, problem: str) -> None:
        if problem != self._written:
            self._written = problem
            with open(path, "w", encoding="utf-8", opener=no_link) as file:
                file.write(f"{problem}\n" if problem else "")
        path.touch()
