"""Detects what keeps a farm from earning, and describes it in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fleet.money.readable import readable
from fleet.status.snapshot import Severity, Wrong

#: seconds without a worker, and of waiting for the ledger, before either is a condition
_ABSENT_S, _LATE_S = 8.0, 1.5
#: seconds without a payment, while nothing else is wrong, before that is a condition
_UNPAID_S = 600.0
#: what to do about each kind
_HELP = {
    "ledger": "Free space on the ledger's disk, or end the program that locks it; mining then goes on by itself.",
    "ban": "Leave the coordinator running: it waits until the server takes calls again.",
    "server": "Check the server's address by `fleet doctor`, or ask the server's operator.",
    "outage": "Check this machine's network by `fleet doctor`; the coordinator goes on when the server answers.",
    "redis": "Start Redis, or check its address and password by `fleet doctor`.",
    "no_worker": "Start one with `fleet worker` or `fleet join`.",
    "no_session": "Look at the coordinator's log for the server's reason.",
    "no_room": "Set fewer miners, or `auto`: `fleet advise` says how many the limit carries.",
    "unexplained": "`fleet reconcile` shows which miners it concerns.",
    "unpaid": "Look at the coordinator's log and at `fleet rewards --losses`.",
}
#: the kinds that reduce income; all others stop it
_REDUCES = frozenset({"no_room", "unexplained"})


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
        return tuple(
            Wrong(
                kind=kind,
                subject="farm",
                severity=Severity.WARN if kind in _REDUCES else Severity.FAIL,
                text=text,
                help=_HELP[kind],
                since_ms=self._since[kind],
            )
            for kind, text in found.items()
        )


def _found(facts: Facts) -> Iterator[tuple[str, str]]:
    trouble = False
    for kind, text in _stops(facts):
        trouble = True
        yield kind, text
    if facts.left_out:
        yield "no_room", f"The server's limit has no room for {facts.left_out} of {facts.miners} miners."
    if facts.unexplained:
        amount = readable(facts.unexplained)
        yield "unexplained", f"Nothing explains {amount} NNET between server and ledger."
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
        yield "no_worker", "No worker takes jobs, so none are fetched."
    if not facts.in_session and not (facts.ban or facts.server_away or facts.verdict) and facts.unpaid_s >= _ABSENT_S:
        yield "no_session", "No miner has a session at the server."
