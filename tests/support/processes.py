"""Commands started as a user or a service manager starts them: real processes, their words kept, none left behind."""

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
#: the installed command where there is one
FLEET = (
    [str(Path(sys.executable).with_name("fleet"))]
    if Path(sys.executable).with_name("fleet").exists()
    else [sys.executable, "-m", "fleet"]
)
#: generous, because the machine is shared: a deadline here only ends what would never end
PATIENCE_S = 60.0
#: inherited by every child, so that what a test left behind can be found
MARK = "NEONET_TEST_MARK"


def environ(home: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment without the caller's settings, at home in `home`, in which processes can be found again."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("FLEET_", "FLOWER_", "CELERY", "XDG_", "NO_COLOR", "FORCE_COLOR"))
    }
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), MARK: secrets.token_hex(8)} | dict(settings or {})


def eventually(what: str, probe: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    """Wait until `probe` is true; fail with `what` when it is not in time."""
    deadline = time.monotonic() + timeout_s
    while not probe():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.05)


class Started:
    """A command that runs in a session of its own, with both its streams in files."""

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
        """What it has written to stdout."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        """What it has written to stderr."""
        return self._err.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, number: int) -> None:
        """Send it, and nobody else, a signal."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it still runs after {timeout_s:g} s\n{self.words()}") from None

    def says(self, text: str, times: int = 1, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it has written `text` so many times."""
        deadline = time.monotonic() + timeout_s
        while (self.out + self.err).count(text) < times:
            assert self.running or (self.out + self.err).count(text) >= times, f"ended before {text!r}\n{self.words()}"
            assert time.monotonic() < deadline, f"no {text!r} within {timeout_s:g} s\n{self.words()}"
            time.sleep(0.05)

    def words(self) -> str:
        """The end of both streams, for the message of a failed test."""
        return f"stdout: …{self.out[-3000:]}\nstderr: …{self.err[-3000:]}"

    def kin(self) -> list[psutil.Process]:
        """Every living process that it started, its own included, by the mark in the environment or by the folder."""
        return [process for process in psutil.process_iter() if self._is_kin(process)]

    def child(self, word: str) -> psutil.Process:
        """The oldest of its processes whose command line holds `word`."""
        found = [one for one in self.kin() if one.pid != self.pid and word in " ".join(_command(one))]
        assert found, f"no process with {word!r} among {[_command(one) for one in self.kin()]}"
        return min(found, key=lambda one: (one.create_time(), one.pid))

    def end(self) -> None:
        """Kill whatever is left of it."""
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
            # a redis-server overwrites its environment with its title, and works in the farm's folder
            return process.environ().get(MARK) == self._env[MARK] or process.cwd().startswith(f"{self.folder}/")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


@contextmanager
def started(argv: Sequence[str], folder: Path, env: Mapping[str, str]) -> Iterator[Started]:
    """Run `argv` in `folder` for the length of the block; nothing of it is left after that."""
    process = Started(argv, folder, env)
    try:
        yield process
    finally:
        process.end()


def nothing_left(process: Started, timeout_s: float = PATIENCE_S) -> None:
    """Fail unless every process of the command ends."""
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
    """Send a signal and wait; its exit code."""
    process.send(number)
    return process.wait()


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
