"""Runs a command in a separate terminal, which can be closed like a window."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.processes import PATIENCE_S


class Terminal:
    """Runs a command as the leader of a session on a pseudo-terminal, and reads its output."""

    def __init__(self, argv: Sequence[str], folder: Path, env: Mapping[str, str], *, nohup: bool = False) -> None:
        self._master, slave = pty.openpty()
        self._shown: list[bytes] = []

        def settle() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if nohup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)

        self._process = subprocess.Popen(
            argv,
            cwd=folder,
            env=dict(env),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=settle,  # noqa: PLW1509 - no thread of this process holds a lock here
        )
        os.close(slave)
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def shown(self) -> str:
        """The output so far."""
        return b"".join(self._shown).decode(errors="replace")

    @property
    def running(self) -> bool:
        """Whether the command is still running."""
        return self._process.poll() is None

    @property
    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def type(self, words: str) -> None:
        """Type words at the keyboard."""
        os.write(self._master, words.encode())

    def close(self) -> None:
        """Close the window: the system sends SIGHUP, and each write fails."""
        self._closing.set()
        # a pending read would keep the terminal open
        self._reader.join()
        os.close(self._master)

    def send(self, number: int) -> None:
        """Send the command a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for the command to end. Returns its exit code."""
        return self._process.wait(PATIENCE_S)

    def end(self) -> None:
        """Kill whatever is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _read(self) -> None:
        while not self._closing.is_set():
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self._shown.append(os.read(self._master, 4096))
                except OSError:
                    # the command has ended
                    return


@contextmanager
def in_terminal(
    argv: Sequence[str], folder: Path, env: Mapping[str, str], *, nohup: bool = False
) -> Iterator[Terminal]:
    """Run `argv` in a terminal until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    terminal = Terminal(argv, folder, env, nohup=nohup)
    try:
        yield terminal
    finally:
        terminal.end()
