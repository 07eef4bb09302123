"""When a Redis that refuses what the dispatcher sends is worth a line. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.text import plain

#: a connection that is lost is the intake's to tell; what lasts longer is the dispatcher's own
_PATIENCE_S = 10.0
#: between two lines about one refusal that goes on
_EVERY_S = 10.0
_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerRefusal:
    """Redis refuses something, or takes it again."""

    #: what it is, e.g. `jobs`
    what: str
    #: in Redis's words; empty once it takes them again
    reason: str
    #: what they do meanwhile, e.g. `wait in the ledger`
    meanwhile: str
    #: how many it refused since the last word
    count: int = 0


class Refusals:
    """Follows one kind of message to Redis."""

    def __init__(self, what: str, meanwhile: str) -> None:
        self._what = what
        self._meanwhile = meanwhile
        self._since: float | None = None
        self._told_at: float | None = None
        self._count = 0

    def refused(self, exc: Exception, count: int, now: float, *, away: bool) -> BrokerRefusal | None:
        """Sending `count` of them failed, since Redis is `away` or for another reason; what there is to tell."""
        self._since = now if self._since is None else self._since
        self._count += count
        if away and now - self._since < _PATIENCE_S:
            return None
        if self._told_at is not None and now - self._told_at < _EVERY_S:
            return None
        self._told_at = now
        told, self._count = self._count, 0
        return self._word(plain(f"{type(exc).__name__}: {exc}")[:_SHOWN], told)

    def taken(self) -> BrokerRefusal | None:
        """Sending succeeded; what there is to tell."""
        told = self._told_at is not None
        self._since = self._told_at = None
        self._count = 0
        return self._word("", 0) if told else None

    def _word(self, reason: str, count: int) -> BrokerRefusal:
        return BrokerRefusal(what=self._what, reason=reason, meanwhile=self._meanwhile, count=count)
