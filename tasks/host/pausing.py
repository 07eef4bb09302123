"""Whether this worker pauses by its host's own limits, and why: the watchdog and the sign in Redis must know."""

from __future__ import annotations


class Pausing:
    """The reason for the pause; empty while the worker takes jobs."""

    def __init__(self) -> None:
        self.reason = ""


pausing = Pausing()
