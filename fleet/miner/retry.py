"""How a miner waits after failed calls. Pure."""

from __future__ import annotations

import random

from fleet.errors import SERVER_AWAY, CallError, NotRegistered, ServerFault, SessionLost
from fleet.miner.backoff import Backoff


class Patience:
    """Counts failed calls: those in a row that the server did not answer, and those that it denied since it last gave.

    To open a session, or to be given a job, is nothing yet: a server that grants this and denies what follows would be
    asked round and round, as fast as it answers. Times are monotonic seconds.
    """

    def __init__(self, backoff: Backoff, rng: random.Random, now: float) -> None:
        self._backoff = backoff
        self._rng = rng
        self._unanswered = 0
        self._denied = 0
        #: what the server has forgotten since it last gave something: each is begun over once without a wait
        self._forgotten: set[type[CallError]] = set()
        self._held_at = now
        #: no call before this
        self.until = now
        #: the last wait began because the server did not answer
        self.for_server = False

    def answered(self) -> None:
        """A call brought what it asked for, or said what became of a job."""
        self._unanswered = 0

    def rewarded(self) -> None:
        """A payment was booked, or a heartbeat was answered: whatever was denied before is over."""
        self._unanswered = self._denied = 0
        self._forgotten.clear()

    def asks_again(self, error: CallError, *, first: bool, registering: bool) -> bool:
        """Whether to ask at once, and without a word, if the deed is done.

        Releases that answer 500 after the deed do so each time (PROTOCOL, surprise 1).
        """
        if not (first and isinstance(error, ServerFault)) or self._unanswered:
            return False
        # a second registration that fails does count; each job is submitted a first time but once
        self._unanswered = int(registering)
        return True

    def hold(self, error: CallError, now: float) -> None:
        """Wait before the next call: longer after each failure in a row. Calls that fail together are one failure."""
        if now < self.until:
            return
        if isinstance(error, SERVER_AWAY):
            self._unanswered += 1
        else:
            # that is an answer
            self._unanswered, self._denied = 0, self._denied + 1
            if isinstance(error, NotRegistered | SessionLost) and type(error) not in self._forgotten:
                self._forgotten.add(type(error))
                return
        self.for_server = isinstance(error, SERVER_AWAY)
        self._held_at, self.until = now, now + self._backoff.delay_s(self._unanswered + self._denied, self._rng)

    def shorten(self) -> None:
        """Wait no longer than after a first failure, whose wait is the shortest."""
        self.until = min(self.until, self._held_at + self._backoff.floor_s)

    def server_is_back(self) -> bool:
        """Somebody else's call was answered; whether this shortens the wait, as it is for the server."""
        if not self.for_server:
            return False
        self._unanswered, self.for_server = 0, False
        self.shorten()
        return True

    def over(self) -> None:
        """Wait no longer."""
        self.until = 0.0
