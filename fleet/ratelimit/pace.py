"""Spreads the requests for jobs evenly over the rate limit's window. Pure."""

from __future__ import annotations

import math

from fleet.domain.calls import BEATS_SHARE

#: factor by which fetches may exceed the pace that spreads them evenly, to catch up on room that was reserved for a
#: moment. What is sent too early is missing in every later window: at 1.5 a farm stood still
#: for the last third of each
_CATCH_UP = 1.02
#: how far ahead of that pace they may be, as a fraction of the window
_AHEAD = 0.03
#: how far ahead of the pace the requests of one turn may be, in seconds: those of a busy farm are due one after the
#: other, microseconds apart where the limit is high, and must not hold up what is next
_AT_ONCE_S = 0.005


class EvenPace:
    """When the next request for a job is due. Times are monotonic seconds."""

    def __init__(self) -> None:
        #: when the next request is due by an even pace
        self.due_at = -math.inf

    @property
    def opening_at(self) -> float:
        """The earliest time of the next opening, if it is to leave the open miners their requests."""
        return self.due_at - _AT_ONCE_S

    def fetch_at(self, window_s: float) -> float:
        """The earliest time of the next fetch, which may be a little ahead of the pace."""
        return self.due_at - _AHEAD * window_s

    def sent(self, now: float, *, limit: float, window_s: float, beats: float) -> None:
        """Count a request that was sent now, if `limit` requests in each window include `beats` heartbeats.

        What goes before fetches is not paced: a burst of it holds them up for a moment only.
        """
        spacing_s = window_s / (_CATCH_UP * max(limit - min(beats, BEATS_SHARE * limit), 1.0))
        latest = now + max(2 * _AHEAD * window_s, 4 * spacing_s)
        self.due_at = min(max(self.due_at, now) + spacing_s, latest)
