"""How many submissions a job takes at a server: more than one where answers are lost as a rule. Pure."""

from __future__ import annotations

import math

#: weight of the newest job in the moving average
_WEIGHT = 0.05


class Resends:
    """A moving average over the jobs that ended."""

    def __init__(self) -> None:
        self._each = 1.0

    def ended(self, sends: int) -> None:
        """A job ended after so many submissions; one that was never submitted says nothing."""
        if sends:
            self._each += (sends - self._each) * _WEIGHT

    def needed(self, jobs: int) -> int:
        """Submissions that these jobs are going to take."""
        return math.ceil(jobs * self._each)

    def jobs(self, submissions: int) -> int:
        """How many jobs these submissions settle."""
        return int(submissions / self._each)
