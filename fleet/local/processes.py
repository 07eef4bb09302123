"""Child processes of a farm on one machine: shielded from the terminal's signals, ended with their parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from fleet.errors import ServiceError

_PR_SET_PDEATHSIG = 1
#: number of early deaths in a row after which a child is not restarted
_MAX_DEATHS = 5
#: seconds after a start within which a death is early
_STILLBORN_S = 5.0
_TAIL_LINES = 12


class Child:
    """One process of the farm. Its output goes to `log`, or to this process's own streams when that is None."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path | None,
        environ: Mapping[str, str],
        stdout: IO[str] | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.variables = dict(environ)
        self._stdout = stdout
        self._started_at = 0.0
        self._early_deaths = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process. The kernel ends it when this process dies for any reason."""
        output = self.log.open("ab") if self.log else None
        self._started_at = time.monotonic()
        parent = os.getpid()
        try:
            self._process = subprocess.Popen(
                self.argv,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output or self._stdout,
                stderr=output,
                # Ctrl-C on the terminal reaches only the parent, which drains first
                start_new_session=True,
                preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - no threads run in this process
            )
        finally:
            if output:
                output.close()

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while the process runs or before it was started."""
        return self._process.poll() if self._process else None

    def restart(self, now: float) -> None:
        """Start the process again after it died.

        Raises ServiceError with the end of its log when it has died too often, each time soon after its start.
        """
        self._early_deaths = self._early_deaths + 1 if now - self._started_at < _STILLBORN_S else 0
        if self._early_deaths >= _MAX_DEATHS:
            raise ServiceError(f"{self.name} died {_MAX_DEATHS} times right after its start\n{self.tail()}")
        self.start()

    def signal(self, number: int) -> None:
        """Send a signal if the process is running."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, patience_s: float) -> None:
        """Send SIGTERM, and after `patience_s` seconds SIGKILL to the process and all its children."""
        if self._process is None:
            return
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """Kill the process's whole session at once."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def tail(self) -> str:
        """The last lines of the log."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


def wait_for(child: Child, ready: Path, timeout_s: float) -> str:
    """The first line of the file that a child writes when it is ready.

    Raises ServiceError with the end of its log when it dies or takes longer.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and child.exit_code is None:
        text = ready.read_text() if ready.exists() else ""
        if text.endswith("\n"):
            return text.splitlines()[0]
        time.sleep(0.02)
    raise ServiceError(f"{child.name} did not start within {timeout_s:g} s\n{child.tail()}")


def _die_with(parent: int) -> None:
    """Have Linux end this process when its parent dies. On other systems an orphan notices that its Redis is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
