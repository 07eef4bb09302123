"""Forks real coordinators from a process that has imported everything, so that each starts in tenths of a second."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol

from fleet.cli import main
from tests.support.restless import lay as lay_restless

_PRELOADED = [
    "tests.chaos.cradle",
    "tests.chaos.strike",
    "fleet.commands.coordinator",
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "kombu.transport.redis",
    "sqlalchemy.dialects.sqlite",
    "tasks.worker.backend",
]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(_PRELOADED)


class Seams(Protocol):
    """The functions of a coordinator to wrap so that something goes wrong."""

    def lay(self) -> None:
        """Wrap them in this process."""


class Life:
    """One run of `fleet coordinator`, or of another `command`, whose output is in the file `log`.

    If `restless`, its miners open and close.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        log: Path,
        strike: Seams | None = None,
        *,
        restless: bool = False,
        command: Sequence[str] = ("coordinator",),
    ) -> None:
        self.log = log
        given = (dict(env), str(log), strike, restless, tuple(command))
        self._process = _CONTEXT.Process(target=_live, args=given, daemon=True)
        self._process.start()
        self.pid = self._process.pid or 0

    @property
    def exit_code(self) -> int | None:
        """None while it runs, the negative number of the signal that ended it, or its exit code."""
        return self._process.exitcode

    def arm(self) -> None:
        """From now on the strike counts passages."""
        self.send(signal.SIGUSR1)

    def send(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def ended_at(self, timeout_s: float) -> float | None:
        """Wait for its end. Returns the monotonic time of it; None if it does not end in time."""
        if not wait([self._process.sentinel], timeout_s):
            return None
        at = time.monotonic()
        self._process.join()
        return at

    def kill(self) -> float:
        """Kill it. Returns the monotonic time of its end."""
        self.send(signal.SIGKILL)
        at = self.ended_at(10.0)
        assert at is not None
        return at

    def words(self) -> str:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:] if self.log.exists() else ""


def _live(env: dict[str, str], log: str, strike: Seams | None, restless: bool, command: tuple[str, ...]) -> None:
    os.environ.clear()
    os.environ.update(env)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    if strike is not None:
        strike.lay()
    if restless:
        lay_restless()
    sys.argv = ["fleet", *command]
    sys.exit(main())
