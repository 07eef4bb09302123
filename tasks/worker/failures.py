"""Counts this worker's failed kernels in a row, in memory that all of its processes share."""

from __future__ import annotations

import mmap
import struct

#: number of kernels in a row, beside those running now, after which a worker tests itself
FIRST_LIMIT = 3
#: number of passed self-tests that each double the limit
_MOST_DOUBLINGS = 6
_WORD = struct.Struct("q")


class Failures:
    """Counts a kernel when it begins, and resets when one succeeds, so that one that kills its process counts, too.

    Processes that count at the same moment may lose a count, which only delays a test.
    """

    def __init__(self) -> None:
        #: created before the pool forks, so that its processes share it
        self._shared = mmap.mmap(-1, _WORD.size)
        self._passed = 0
        #: whether the worker is testing itself and takes no jobs
        self.testing = False

    @property
    def in_row(self) -> int:
        """Number of kernels that began since one returned a result."""
        count: int = _WORD.unpack_from(self._shared, 0)[0]
        return count

    def begun(self) -> None:
        """Count a kernel that begins."""
        self._write(self.in_row + 1)

    def computed(self) -> None:
        """Reset the count, since a kernel returned a result."""
        self._write(0)

    def refused(self) -> None:
        """Take back a count, since the job is absurd and the kernel has not failed."""
        self._write(max(self.in_row - 1, 0))

    def needs_test(self, processes: int) -> bool:
        """Whether the worker should test itself after this many failures in a row."""
        return self.in_row >= (FIRST_LIMIT << self._passed) + processes

    def passed(self) -> None:
        """The self-test passed, so the jobs were at fault: raise the limit for the next one."""
        self._passed = min(self._passed + 1, _MOST_DOUBLINGS)
        self._write(0)

    def _write(self, count: int) -> None:
        _WORD.pack_into(self._shared, 0, count)


failures = Failures()
