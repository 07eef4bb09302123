"""Decides how long a miner waits after the server refused a call or did not answer it. Pure."""

from __future__ import annotations

import random

from fleet.errors import SERVER_AWAY, CallError, NotRegistered, ServerFault, SessionLost
from fleet.miner.backoff import Backoff


class RetryTimer:
    """Counts failed calls: those unanswered in a row, and those that the server denied since the last reward.

    Only a payment or an answered heartbeat counts as a reward. A server that grants sessions and jobs but denies every
    later call would otherwise be asked again as fast as it answers. Times are monotonic seconds.
    """

    def __init__(self, backoff: Backoff, rng: random.Random, now: float) -> None:
        self._backoff = backoff
        self._rng = rng
        self._unanswered = 0
        self._denied = 0
        #: errors by which the server forgot something since the last reward; the first of each kind causes no wait
        self._forgotten: set[type[CallError]] = set()
        self._held_at = now
        #: earliest time of the next call
        self.until = now
        #: whether the last wait began because the server did not answer
        self.for_server = False

    def answered(self) -> None:
        """Record a call that succeeded or that ended a job."""
        self._unanswered = 0

    def rewarded(self) -> None:
        """Record a booked payment or an answered heartbeat, which cancels earlier denials."""
        self._unanswered = self._denied = 0
        self._forgotten.clear()

    def asks_again(self, error: CallError, *, first: bool, registering: bool) -> bool:
        """Whether to repeat the call at once, without a notice, to learn if it was carried out.

        Releases that answer 500 after carrying out a request do so each time (docs/protocol-notes.md, 1).
        """
        if not (first and isinstance(error, ServerFault)) or self._unanswered:
            return False
        # a second failed registration counts as unanswered; a job has only one first submission
        self._unanswered = int(registering)
        return True

    def hold(self, error: CallError, now: float) -> None:
        """Wait before the next call, longer after each failure in a row. Calls that fail together count as one."""
        if now < self.until:
            return
        if isinstance(error, SERVER_AWAY):
            self._unanswered += 1
        else:
            # a denial is an answer
            self._unanswered, self._denied = 0, self._denied + 1
            if isinstance(error, NotRegistered | SessionLost) and type(error) not in self._forgotten:
                self._forgotten.add(type(error))
                return
        self.for_server = isinstance(error, SERVER_AWAY)
        self._held_at, self.until = now, now + self._backoff.delay_s(self._unanswered + self._denied, self._rng)

    def shorten(self) -> None:
        """Cut the wait to that after a first failure, which is the shortest."""
        self.until = min(self.until, self._held_at + self._backoff.floor_s)

    def server_is_back(self) -> None:
        """Shorten a wait for the server, since it answered another call."""
        if self.for_server:
            self._unanswered, self.for_server = 0, False
            self.shorten()

    def over(self) -> None:
        """End the wait."""
        self.until = 0.0
