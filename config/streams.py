"""Standard streams that survive a closed terminal, a full disk, a waiting pager, or no stream at all."""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Any, TextIO

#: number of bytes that a pipe accepts at once when it is ready
_CHUNK_BYTES = 4096
#: how long a line may wait for its reader while other work continues, in seconds
_HURRY_S = 0.2


def open_streams() -> None:
    """Open the null device where stdin, stdout or stderr is closed, so that no file gets their numbers."""
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
            # opened as Python does at its start, where it found these closed
            setattr(sys, name, open(descriptor, "r" if descriptor == 0 else "w", closefd=False))  # noqa: SIM115


class ReaderLostError(BrokenPipeError):
    """The reader of stdout has gone. It carries no error number, since click ends a command at EPIPE with 1."""


def report_stream() -> None:
    """Make stdout raise ReaderLostError once when its reader has gone, and replace characters it can't encode."""
    if _stands_for(sys.stdout, 1):
        outlet = io.BufferedWriter(_ReportOutlet(1, "w", closefd=False))
        line_buffering = bool(sys.stdout.line_buffering)
        sys.stdout = io.TextIOWrapper(
            outlet, encoding=sys.stdout.encoding, errors="replace", line_buffering=line_buffering
        )


def outlive_streams() -> None:
    """From now on no write to stdout or stderr raises: failed output is dropped, unencodable characters are replaced.

    A stream on a different descriptor is left as it is.
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
def never_blocking() -> Iterator[None]:
    """While the block runs, no write waits for its reader: lines for a stopped pager or terminal are lost."""
    _Outlet.patience_s = _HURRY_S
    try:
        yield
    finally:
        _Outlet.patience_s = None


class _ReportOutlet(io.FileIO):
    """An output descriptor whose reader may go away."""

    _gone = False

    def write(self, data: Any) -> int:
        """Write, or raise ReaderLostError once when the reader has gone."""
        if self._gone:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except BrokenPipeError:
            self._gone = True
            raise ReaderLostError from None


class _Outlet(io.RawIOBase):
    """An output descriptor that never raises."""

    #: how long a write waits for its reader, in seconds; None for no limit
    patience_s: float | None = None

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        #: the descriptor, as Python names files opened by number
        self.name = descriptor
        #: whether lines were lost since the last one written
        self._blocked = False

    def fileno(self) -> int:
        """The descriptor number."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Always true."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # any buffer will do
        """Write as much as possible, and report all of it as written."""
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
            # another program that shares the descriptor has made it non-blocking
            return 0

    def _is_ready(self) -> bool:
        waits_s = 0.0 if self._blocked and self.patience_s is not None else self.patience_s
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        self._blocked = not poll.poll(None if waits_s is None else waits_s * 1000)
        return not self._blocked
