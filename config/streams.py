"""Standard streams that neither end nor stop a process: a closed terminal, a full disk, a pager at rest, or none."""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Any, TextIO

#: a pipe that says that it is ready takes this much at once
_CHUNK_BYTES = 4096
#: how long a line may wait for its reader while other work goes on
_HURRY_S = 0.2


def open_streams() -> None:
    """Put the null device where stdin, stdout or stderr is closed, so that no file gets their numbers."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            mode = os.O_RDONLY if descriptor == 0 else os.O_WRONLY
            opened = os.open(os.devnull, mode)
            if opened != descriptor:
                os.dup2(opened, descriptor, inheritable=True)
                os.close(opened)
            os.set_inheritable(descriptor, True)
        if getattr(sys, name) is None:
            # as Python itself opens it, which found nothing there
            setattr(sys, name, open(descriptor, "r" if descriptor == 0 else "w", closefd=False))  # noqa: SIM115


class ReaderLostError(BrokenPipeError):
    """Nobody reads stdout any more. It carries no error number, since click ends a command at EPIPE with 1."""


def report_stream() -> None:
    """Let stdout raise ReaderLostError once when nobody reads it; what it can't encode is replaced."""
    if _stands_for(sys.stdout, 1):
        outlet = io.BufferedWriter(_ReportOutlet(1, "w", closefd=False))
        line_buffering = bool(sys.stdout.line_buffering)
        sys.stdout = io.TextIOWrapper(
            outlet, encoding=sys.stdout.encoding, errors="replace", line_buffering=line_buffering
        )


def outlive_streams() -> None:
    """From now on no write to stdout or stderr raises: what can't be written is lost, what has no code replaced.

    A stream that stands for another descriptor stays as it is.
    """
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        old = getattr(sys, name)
        if not _stands_for(old, descriptor):
            continue
        with contextlib.suppress(OSError, ValueError):
            old.flush()
        errors = "replace" if descriptor == 1 else "backslashreplace"
        stream = io.TextIOWrapper(
            _Outlet(descriptor), encoding=old.encoding, errors=errors, line_buffering=True, write_through=True
        )
        setattr(sys, name, stream)


def _stands_for(stream: TextIO, descriptor: int) -> bool:
    try:
        return stream.fileno() == descriptor
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def unhindered() -> Iterator[None]:
    """While the block runs, no write waits for its reader: lines that a pager or a stopped terminal leaves are lost."""
    _Outlet.patience_s = _HURRY_S
    try:
        yield
    finally:
        _Outlet.patience_s = None


class _ReportOutlet(io.FileIO):
    """A descriptor to write to, whose reader may go away."""

    _gone = False

    def write(self, data: Any) -> int:
        """Write, or say once that nobody reads."""
        if self._gone:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            self._gone = True
            raise ReaderLostError from None


class _Outlet(io.RawIOBase):
    """A descriptor to write to, which never raises."""

    #: how long a write waits for its reader, None for as long as it takes
    patience_s: float | None = None

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        #: as Python names the files that it opens by their number
        self.name = descriptor
        #: lines were lost since the last one that was written
        self._blocked = False

    def fileno(self) -> int:
        """The descriptor's number."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # any buffer will do
        """Write what can be written, and say that it was all."""
        rest = memoryview(data)
        with contextlib.suppress(OSError):
            while rest and self._is_ready():
                written = self._write_some(rest[:_CHUNK_BYTES])
                rest = rest[written:]
        return len(data)

    def _write_some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            # another program that shares it wants no waiting
            return 0

    def _is_ready(self) -> bool:
        waits_s = 0.0 if self._blocked and self.patience_s is not None else self.patience_s
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        self._blocked = not poll.poll(None if waits_s is None else waits_s * 1000)
        return not self._blocked
