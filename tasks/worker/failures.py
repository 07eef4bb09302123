"""How many kernels in a row came to nothing in this worker, counted in shared memory by all of its processes."""

from __future__ import annotations

import mmap
import struct

#: kernels in a row, beside those that run now, after which a worker tests itself
FIRST_LIMIT = 3
#: a worker that has passed its test this often tests itself no less often
_MOST_DOUBLINGS = 6
_WORD = struct.Struct("q")


class Failures:
    """Counts a kernel as it begins, and starts over when one computes: so one that ends its process counts, too.

    Processes that count at the same moment may lose a count, which only puts off a test.
    """

    def __init__(self) -> None:
        #: made before the pool is forked, so that its processes share it
        self._shared = mmap.mmap(-1, _WORD.size)
        self._passed = 0
        #: the worker tests itself, and takes no job meanwhile
        self.testing = False

    @property
    def in_row(self) -> int:
        """Kernels that began since one computed a result."""
        count: int = _WORD.unpack_from(self._shared, 0)[0]
        return count

    def begun(self) -> None:
        """A kernel begins."""
        self._write(self.in_row + 1)

    def computed(self) -> None:
        """A kernel came to a result."""
        self._write(0)

    def refused(self) -> None:
        """It was no kernel's failure: the job is absurd."""
        self._write(max(self.in_row - 1, 0))

    def doubtful(self, processes: int) -> bool:
        """Whether so many failed in a row that the worker should test itself."""
        return self.in_row >= (FIRST_LIMIT << self._passed) + processes

    def passed(self) -> None:
        """The test went well, so it was the jobs: doubt later the next time."""
        self._passed = min(self._passed + 1, _MOST_DOUBLINGS)
        self._write(0)

    def _write(self, count: int) -> None:
        _WORD.pack_into(self._shared, 0, count)


failures = Failures()
