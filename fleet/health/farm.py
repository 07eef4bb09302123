"""The health of what all miners need: servers, Redis, workers, ledger. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fleet.health.servers import ServerFacts, all_stopped, server_symptoms, subject_of
from fleet.health.symptom import FARM, QUEUE, Symptom
from fleet.money.readable import readable

#: seconds without a worker, and of waiting for the ledger, before either is a symptom
_ABSENT_S, _LATE_S = 8.0, 1.5
#: seconds without a payment, while nothing else is wrong, before that is a symptom
_UNPAID_S = 600.0
#: seconds without a result while jobs are at workers; a kernel is killed after 30 s by default
_STUCK_S, _BEYOND_A_KERNEL_S = 40.0, 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """The facts from which symptoms are detected. Durations are seconds; a text is empty without trouble."""

    #: one for each server, in the order of the settings
    servers: tuple[ServerFacts, ...]
    #: for how long no worker has taken jobs; None while one does
    without_worker_s: float | None
    #: whether that is because all workers that are there pause, as ordered or by limits of their hosts
    workers_pause: bool
    #: for how long jobs have been at workers without a result; None while none are
    without_result_s: float | None
    #: how long a kernel may take
    time_limit_s: float
    #: why Redis is not reachable
    redis: str
    #: why the ledger is waited for, and for how long
    ledger: str
    ledger_waits_s: float
    #: NNET without an explanation
    unexplained: Decimal
    #: miners in a session, at any server
    in_session: int
    #: since the last payment, or since the start
    unpaid_s: float
    #: NNET a day that the farm usually earns; None until it is learnt
    worth: float | None
    #: job types that no worker's host qualifies for, and that the settings therefore refuse
    refused_types: tuple[str, ...] = ()
    #: hardware that miners register and no host has, as a sentence
    overstated: str = ""


def farm_symptoms(facts: Facts) -> Iterator[Symptom]:
    """The symptoms of the farm as a whole, those that stop it first."""
    stopped = False
    for one in _stops(facts):
        stopped = True
        yield one
    yield from server_symptoms(facts.servers)
    if facts.refused_types:
        text = f"No host qualifies for {', '.join(facts.refused_types)}: their jobs are refused."
        yield Symptom(kind="unserved", subject=FARM, text=text)
    if facts.unexplained:
        amount = readable(facts.unexplained)
        yield Symptom(
            kind="unexplained", subject=FARM, text=f"Nothing explains {amount} NNET between server and ledger."
        )
    if facts.overstated:
        yield Symptom(kind="overstated", subject=FARM, text=facts.overstated)
    if not stopped and facts.unpaid_s >= _UNPAID_S:
        text = "Nothing was paid for ten minutes or more, although nothing else seems wrong."
        yield Symptom(kind="unpaid", subject=FARM, text=text, lasted_s=facts.unpaid_s, nnet_per_day=facts.worth)


def _stops(facts: Facts) -> Iterator[Symptom]:
    def stop(kind: str, subject: str, text: str, lasted_s: float = 0.0) -> Symptom:
        return Symptom(kind=kind, subject=subject, text=text, lasted_s=lasted_s, nnet_per_day=facts.worth)

    if facts.ledger and facts.ledger_waits_s >= _LATE_S:
        yield stop("ledger", FARM, f"Mining pauses, since the ledger can't be written: {facts.ledger}.")
    yield from all_stopped(facts.servers, facts.worth)
    absent_s, silent_s = facts.without_worker_s, facts.without_result_s
    if facts.redis:
        yield stop("redis", QUEUE, f"Redis does not answer: {facts.redis}; jobs wait in the ledger.")
    elif absent_s is not None and absent_s >= _ABSENT_S and not facts.workers_pause:
        yield stop("no_worker", FARM, "No worker takes jobs, so none are fetched.", absent_s)
    elif silent_s is not None and silent_s >= max(_STUCK_S, facts.time_limit_s + _BEYOND_A_KERNEL_S):
        yield stop("stuck", QUEUE, "Workers take jobs, but compute none.", silent_s)
    if not (facts.in_session or all(one.down for one in facts.servers)) and facts.unpaid_s >= _ABSENT_S:
        where = "the server" if len(facts.servers) == 1 else "any server"
        yield stop("no_session", subject_of(facts.servers), f"No miner has a session at {where}.")
