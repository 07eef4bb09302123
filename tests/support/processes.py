"""Runs commands as a user or a service manager does: real processes, their output recorded, and none left behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
#: the installed command, if there is one
FLEET = (
    [str(Path(sys.executable).with_name("fleet"))]
    if Path(sys.executable).with_name("fleet").exists()
    else [sys.executable, "-m", "fleet"]
)
#: generous, because the machine is shared: it only ends what would never end by itself
PATIENCE_S = 60.0
#: inherited by every child, so that processes that a test left behind can be found
MARK = "NEONET_TEST_MARK"


def environ(home: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment without the caller's settings, with `home` as home, by which processes can be found later."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("FLEET_", "FLOWER_", "CELERY", "XDG_", "NO_COLOR", "FORCE_COLOR"))
    }
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), MARK: secrets.token_hex(8)} | dict(settings or {})


def eventually(what: str, probe: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Wait until `probe` is true. Fails with `what` if that takes too long."""
    deadline = time.monotonic() + timeout_s
    while not probe():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.05)


class Started:
    """A command in a separate session, with its two output streams in files."""

    def __init__(self, argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        self._env = dict(env)
        stem = secrets.token_hex(4)
        self._out, self._err = folder / f"{stem}.out", folder / f"{stem}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                argv,
                cwd=folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.pid = self._process.pid

    @property
    def out(self) -> str:
        """Its output to stdout so far."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        """Its output to stderr so far."""
        return self._err.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def send(self, number: int) -> None:
        """Send a signal to it alone."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait for it to end by itself. Returns its exit code."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it still runs after {timeout_s:g} s\n{self.words()}") from None

    def says(self, text: str, times: int = 1, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it has written `text` at least `times` times."""
        deadline = time.monotonic() + timeout_s
        while (self.out + self.err).count(text) < times:
            assert self.running or (self.out + self.err).count(text) >= times, f"ended before {text!r}\n{self.words()}"
            assert time.monotonic() < deadline, f"no {text!r} within {timeout_s:g} s\n{self.words()}"
            time.sleep(0.05)

    def words(self) -> str:
        """The end of both streams, for the message of a failed test."""
        return f"stdout: …{self.out[-3000:]}\nstderr: …{self.err[-3000:]}"

    def kin(self) -> list[psutil.Process]:
        """All living processes that it started, and itself, found by the mark in their environment or their folder."""
        return [process for process in psutil.process_iter() if self._is_kin(process)]

    def child(self, word: str) -> psutil.Process:
        """Its oldest process whose command line contains `word`."""
        found = [one for one in self.kin() if one.pid != self.pid and word in " ".join(_command(one))]
        assert found, f"no process with {word!r} among {[_command(one) for one in self.kin()]}"
        return min(found, key=lambda one: (one.create_time(), one.pid))

    def end(self) -> None:
        """Kill everything that is left of it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        for process in self.kin():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def _is_kin(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            # redis-server overwrites its environment with its title, and works in the farm's folder
            return process.environ().get(MARK) == self._env[MARK] or process.cwd().startswith(f"{self.folder}/")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


@contextmanager
def started(argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> Iterator[Started]:
    """Run `argv` in `folder` until the block ends, and leave nothing of it behind."""
    process = Started(argv, folder, env)
    try:
        yield process
    finally:
        process.end()


def nothing_left(process: Started, timeout_s: float = PATIENCE_S) -> None:
    """Fail unless every process of the command ends in time."""
    eventually(f"the end of {[_command(one) for one in process.kin()]}", lambda: not process.kin(), timeout_s)


def run_fleet(
    *arguments: str, folder: Path, settings: Mapping[str, str] | None = None, timeout_s: float = PATIENCE_S
) -> subprocess.CompletedProcess[str]:
    """Run `fleet` to its end, in `folder`, with settings from the environment."""
    return subprocess.run(
        [*FLEET, *arguments],
        cwd=folder,
        env=environ(folder, settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def stop(process: Started, number: int = signal.SIGTERM) -> int:
    """Send a signal and wait for the end. Returns the exit code."""
    process.send(number)
    return process.wait()


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
