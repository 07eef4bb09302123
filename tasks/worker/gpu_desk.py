"""Places at the GPUs, and how the GPUs fared, in memory that all of a worker's processes share."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

#: seconds for which nothing goes to the GPU after trouble: doubled each time, until a job succeeds there
FIRST_REST_S, MOST_REST_S = 60.0, 3600.0
#: when the GPU may be used again, in monotonic seconds, and how often in a row there was trouble
_REST = struct.Struct("dq")
_BUSY, _FREE = 1, 0


class GpuDesk:
    """Who may use which GPU, and since when nobody should.

    A place is locked by the process that has taken it, and becomes free when that process ends, however it ends. A
    process that ends while it computes leaves a mark: so one that a GPU has hung or crashed is noticed by the next.
    Processes that report trouble at the same moment may count it once, which shortens the rest.
    """

    def __init__(self, gpus: Sequence[int]) -> None:
        """`gpus` are the number of the GPU of each place. To be made before the pool forks."""
        self.gpus = tuple(gpus)
        # a file without a name, open as long as the worker runs
        self._file, name = tempfile.mkstemp()
        Path(name).unlink()
        os.ftruncate(self._file, _REST.size + len(self.gpus))
        self._shared = mmap.mmap(self._file, _REST.size + len(self.gpus))

    def rests(self) -> bool:
        """Whether there was trouble so lately that nothing goes to the GPU."""
        until: float = _REST.unpack_from(self._shared)[0]
        return time.monotonic() < until

    def take(self) -> int | None:
        """A free place, for as long as this process lives; None if others have all of them."""
        for place in range(len(self.gpus)):
            with suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                return place
        return None

    def died_at(self, place: int) -> bool:
        """Whether the process that had this place before ended while it computed there. Takes back the mark."""
        found = self._shared[_REST.size + place] == _BUSY
        self._shared[_REST.size + place] = _FREE
        return found

    @contextmanager
    def at_work(self, place: int) -> Iterator[None]:
        """Mark the place while this process computes there."""
        self._shared[_REST.size + place] = _BUSY
        try:
            yield
        finally:
            self._shared[_REST.size + place] = _FREE

    def trouble(self) -> float | None:
        """Let the GPU rest. Returns for how many seconds; None if it rests already, as another process has said."""
        if self.rests():
            return None
        troubles: int = _REST.unpack_from(self._shared)[1]
        rest_s = min(FIRST_REST_S * 2.0**troubles, MOST_REST_S)
        _REST.pack_into(self._shared, 0, time.monotonic() + rest_s, troubles + 1)
        return rest_s

    def fared_well(self) -> None:
        """A job succeeded at the GPU: the next trouble is the first again."""
        if _REST.unpack_from(self._shared)[1] and not self.rests():
            _REST.pack_into(self._shared, 0, 0.0, 0)
