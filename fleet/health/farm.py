"""The health of what all miners need: server, Redis, workers, ledger, the server's limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fleet.health.symptom import FARM, QUEUE, Symptom, server_subject
from fleet.money.readable import readable

#: seconds without a worker, and of waiting for the ledger, before either is a symptom
_ABSENT_S, _LATE_S = 8.0, 1.5
#: seconds without a payment, while nothing else is wrong, before that is a symptom
_UNPAID_S = 600.0
#: seconds without a result while jobs are at workers; a kernel is killed after 30 s by default
_STUCK_S, _BEYOND_A_KERNEL_S = 40.0, 10.0
#: share of the server's limit above which it is used up
_FULL = 0.97


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The facts from which symptoms are detected. Durations are seconds; a text is empty without trouble."""

    server: str
    #: for how long no worker has taken jobs; None while one does
    without_worker_s: float | None
    #: for how long jobs have been at workers without a result; None while none are
    without_result_s: float | None
    #: how long a kernel may take
    time_limit_s: float
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
    #: requests that the limit allows in a window, and that were sent in it
    limit: int
    used: int
    #: since the last payment, or since the start
    unpaid_s: float
    #: what the server's answers so far show to be wrong with it
    verdict: str
    #: NNET a day that the farm usually earns; None until it is learnt
    worth: float | None


def farm_symptoms(facts: Facts) -> Iterator[Symptom]:
    """The symptoms of the farm as a whole, those that stop it first."""
    server, stopped = server_subject(facts.server), False
    for one in _stops(facts, server):
        stopped = True
        yield one
    if facts.left_out:
        text = f"The server's limit has no room for {facts.left_out} of {facts.miners} miners."
        yield Symptom(kind="no_room", subject=server, text=text)
    if facts.used >= _FULL * facts.limit:
        text = "The farm makes as many requests as the server's limit allows, so jobs wait for room in it."
        yield Symptom(kind="budget_full", subject=server, text=text)
    if facts.unexplained:
        amount = readable(facts.unexplained)
        yield Symptom(
            kind="unexplained", subject=FARM, text=f"Nothing explains {amount} NNET between server and ledger."
        )
    if not stopped and facts.unpaid_s >= _UNPAID_S:
        text = "Nothing was paid for ten minutes or more, although nothing else seems wrong."
        yield Symptom(kind="unpaid", subject=FARM, text=text, lasted_s=facts.unpaid_s, nnet_per_day=facts.worth)


def _stops(facts: Facts, server: str) -> Iterator[Symptom]:
    def stop(kind: str, subject: str, text: str, lasted_s: float = 0.0) -> Symptom:
        return Symptom(kind=kind, subject=subject, text=text, lasted_s=lasted_s, nnet_per_day=facts.worth)

    refused = facts.ban or facts.verdict
    if facts.ledger and facts.ledger_waits_s >= _LATE_S:
        yield stop("ledger", FARM, f"Mining pauses, since the ledger can't be written: {facts.ledger}.")
    if refused:
        text = f"{refused[0].upper()}{refused[1:].rstrip('.')}."
        yield stop("ban" if facts.ban else "server", server, text)
    elif facts.server_away:
        yield stop("outage", server, "The server does not answer; results are kept until it does.")
    absent_s, silent_s = facts.without_worker_s, facts.without_result_s
    if facts.redis:
        yield stop("redis", QUEUE, f"Redis does not answer: {facts.redis}; jobs wait in the ledger.")
    elif absent_s is not None and absent_s >= _ABSENT_S:
        yield stop("no_worker", FARM, "No worker takes jobs, so none are fetched.", absent_s)
    elif silent_s is not None and silent_s >= max(_STUCK_S, facts.time_limit_s + _BEYOND_A_KERNEL_S):
        yield stop("stuck", QUEUE, "Workers take jobs, but compute none.", silent_s)
    if not (facts.in_session or refused or facts.server_away) and facts.unpaid_s >= _ABSENT_S:
        yield stop("no_session", server, "No miner has a session at the server.")
