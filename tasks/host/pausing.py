"""Whether this worker pauses, and why, or helps: its watchdog, its sign in Redis and its consumer must know."""

from __future__ import annotations

#: the orders that a coordinator gives a host
PAUSE, DRAIN = "pause", "drain"
#: why a worker with a wrong key pauses
WRONG_KEY = "this host's key is not the farm's, so its results would be dropped: invite the host again for a new key"
_ORDERED = {
    None: "the farm's orders for this host are not read yet",
    "": "",
    PAUSE: "the farm pauses this host",
    DRAIN: "the farm drains this host",
}


class Pausing:
    """What makes the worker pause."""

    def __init__(self) -> None:
        #: why the host's own limits do; empty while they don't
        self.limit = ""
        #: the coordinator's order, empty for none; None until it is read for the first time
        self.order: str | None = None
        #: level of the highest class whose jobs every host may take, after those of its own classes
        self.open_level = 1
        #: whether this host's key is not the one that the coordinator has, so that its results would be dropped
        self.wrong_key = False

    @property
    def ordered(self) -> str:
        """The coordinator's order in words; empty for none."""
        return _ORDERED[self.order]

    @property
    def reason(self) -> str:
        """Why the worker pauses; empty while it takes jobs."""
        return (WRONG_KEY if self.wrong_key else "") or self.limit or self.ordered

    @property
    def known(self) -> str:
        """The same, but empty while the coordinator's order is not read yet."""
        return "" if not (self.limit or self.wrong_key) and self.order is None else self.reason


pausing = Pausing()
