"""Decides when to report that Redis refuses what the dispatcher sends. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.text import sanitized

#: Seconds before the dispatcher reports a Redis that does not answer. The intake reports a lost connection earlier.
_PATIENCE_S = 10.0
#: seconds between two reports of a continuing refusal
_EVERY_S = 10.0
_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerRefusal:
    """Redis refuses a kind of message, or accepts it again."""

    #: the kind of message, e.g. `jobs`
    what: str
    #: the reason in Redis's words; empty once it accepts the messages again
    reason: str
    #: what happens to the messages meanwhile, e.g. `wait in the ledger`
    meanwhile: str
    #: number of messages refused since the last report
    count: int = 0


class Refusals:
    """Tracks refusals of one kind of message by Redis."""

    def __init__(self, what: str, meanwhile: str) -> None:
        self._what = what
        self._meanwhile = meanwhile
        self._since: float | None = None
        self._reported_at: float | None = None
        self._count = 0

    def refused(self, exc: Exception, count: int, now: float, *, away: bool) -> BrokerRefusal | None:
        """Record that sending `count` messages failed; `away` if Redis did not answer. Returns a report if due."""
        self._since = now if self._since is None else self._since
        self._count += count
        if away and now - self._since < _PATIENCE_S:
            return None
        if self._reported_at is not None and now - self._reported_at < _EVERY_S:
            return None
        self._reported_at = now
        total, self._count = self._count, 0
        return self._word(sanitized(f"{type(exc).__name__}: {exc}")[:_SHOWN], total)

    def accepted(self) -> BrokerRefusal | None:
        """Record that sending succeeded. Returns what to report, if anything."""
        reported = self._reported_at is not None
        self._since = self._reported_at = None
        self._count = 0
        return self._word("", 0) if reported else None

    def _word(self, reason: str, count: int) -> BrokerRefusal:
        return BrokerRefusal(what=self._what, reason=reason, meanwhile=self._meanwhile, count=count)
