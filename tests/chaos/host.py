"""One worker host of the farm, which can be killed, stopped and restarted."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.support.processes import Started, environ

_KERNELS = (sys.executable, "-m", "tests.chaos.kernels")


class Host:
    """One worker host: `fleet worker`, with kernels that count their runs."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._env = dict(env)
        self._process: Started | None = None

    @property
    def process(self) -> Started:
        """The worker's own process."""
        assert self._process is not None
        return self._process

    @property
    def running(self) -> bool:
        """Whether it is still running."""
        return self._process is not None and self._process.running

    @property
    def is_ready(self) -> bool:
        """Whether it takes jobs."""
        return self.running and "ready." in self.process.out + self.process.err

    def start(self) -> None:
        """Start it, without waiting until it takes jobs."""
        self._process = Started(_KERNELS, self._folder, environ(self._folder, self._env))

    def ready(self) -> None:
        """Wait until it takes jobs."""
        self.process.says("ready.")

    def everything(self) -> list[psutil.Process]:
        """Its processes: the worker's own first, then those of its pool."""
        return sorted(self.process.kin(), key=lambda one: one.pid != self.process.pid)

    def send(self, number: int) -> None:
        """Send a signal to all its processes."""
        for process in self.everything():
            process.send_signal(number)

    def kill(self) -> None:
        """End all its processes at once."""
        if self._process is not None:
            self._process.end()
