"""Estimates how many submissions a job takes: more than one if the server's answers are often lost. Pure."""

from __future__ import annotations

import math

#: weight of the newest job in the moving average
_WEIGHT = 0.05


class Resends:
    """The moving average of submissions per ended job."""

    def __init__(self) -> None:
        self._each = 1.0

    def ended(self, sends: int) -> None:
        """Add a job that ended after `sends` submissions. A job that was never submitted is ignored."""
        if sends:
            self._each += (sends - self._each) * _WEIGHT

    def needed(self, jobs: int) -> int:
        """Number of submissions that `jobs` jobs will take."""
        return math.ceil(jobs * self._each)

    def jobs(self, submissions: int) -> int:
        """Number of jobs that `submissions` submissions complete."""
        return int(submissions / self._each)
