"""Counts the messages that are not jobs, and logs the count now and then."""

from __future__ import annotations

import logging
from time import monotonic

#: seconds between two log lines about dropped messages
_SAY_S = 5.0
_log = logging.getLogger(__name__)


class Dropped:
    """Counts messages that are not jobs, and logs the count every few seconds at most."""

    def __init__(self) -> None:
        self.count = 0
        self._said = 0
        self._say_at = float("-inf")

    def add(self, reason: Exception) -> None:
        """Count a message that was taken off the queue and discarded."""
        self.count += 1
        if monotonic() >= self._say_at:
            self._say_at = monotonic() + _SAY_S
            fresh, self._said = self.count - self._said, self.count
            _log.error("%d messages that no coordinator sends were dropped, %d in all: %s", fresh, self.count, reason)
