"""Detects what keeps a farm from earning, and describes it in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fleet.money.readable import readable
from fleet.status.snapshot import Wrong

#: seconds without a worker, and of waiting for the ledger, before either is a condition
_ABSENT_S, _LATE_S = 8.0, 1.5
#: seconds without a payment, while nothing else is wrong, before that is a condition
_UNPAID_S = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The facts from which conditions are detected. Durations are seconds; a text is empty without trouble."""

    #: for how long no worker has taken jobs; None while one does
    without_worker_s: float | None
    #: why this address may not call the server
    ban: str
    #: whether no call is answered by the server
    server_away: bool
    #: why Redis is not reachable
    redis: str
    #: why the ledger is waited for, and for how long
    ledger: str
    ledger_waits_s: float
    #: NNET without an explanation
    unexplained: Decimal
    #: miners, those that the limit has no room for, and those in a session
    miners: int
    left_out: int
    in_session: int
    #: since the last payment, or since the start
    unpaid_s: float
    #: what the server's answers so far show to be wrong with it
    verdict: str


class Conditions:
    """Detects conditions, and remembers since when each has lasted."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}

    def of(self, facts: Facts, now_ms: int) -> tuple[Wrong, ...]:
        """The present conditions, the most costly first."""
        found = dict(_found(facts))
        self._since = {kind: self._since.get(kind, now_ms) for kind in found}
        return tuple(Wrong(kind=kind, text=text, since_ms=self._since[kind]) for kind, text in found.items())


def _found(facts: Facts) -> Iterator[tuple[str, str]]:
    trouble = False
    for kind, text in _stops(facts):
        trouble = True
        yield kind, text
    if facts.left_out:
        yield "no_room", f"The server's limit has no room for {facts.left_out} of {facts.miners} miners."
    if facts.unexplained:
        amount = readable(facts.unexplained)
        yield "unexplained", f"Nothing explains {amount} NNET between server and ledger: see `fleet reconcile`."
    if not trouble and facts.unpaid_s >= _UNPAID_S:
        yield "unpaid", f"Nothing was paid for {facts.unpaid_s / 60:.0f} minutes, although nothing else seems wrong."


def _stops(facts: Facts) -> Iterator[tuple[str, str]]:
    if facts.ledger and facts.ledger_waits_s >= _LATE_S:
        yield "ledger", f"Mining pauses, since the ledger can't be written: {facts.ledger}."
    if facts.ban:
        yield "ban", f"{facts.ban[0].upper()}{facts.ban[1:]}."
    elif facts.verdict:
        yield "server", f"{facts.verdict[0].upper()}{facts.verdict[1:].rstrip('.')}."
    elif facts.server_away:
        yield "outage", "The server does not answer; results are kept until it does."
    if facts.redis:
        yield "redis", f"Redis does not answer: {facts.redis}; jobs wait in the ledger."
    elif facts.without_worker_s is not None and facts.without_worker_s >= _ABSENT_S:
        yield "no_worker", "No worker takes jobs, so none are fetched; start one with `fleet worker` or `fleet join`."
    if not facts.in_session and not (facts.ban or facts.server_away or facts.verdict) and facts.unpaid_s >= _ABSENT_S:
        yield "no_session", "No miner has a session at the server."
