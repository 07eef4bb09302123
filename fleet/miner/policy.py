"""How every miner of a farm behaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.miner.backoff import Backoff

#: why Ctrl-Z is not obeyed
NO_PAUSE = (
    "Ctrl-Z stops nothing: a farm that stands still loses its sessions within a minute. "
    "Ctrl-C drains and ends it, and the next start goes on from the ledger."
)
#: a drain is lengthened to this at most, in seconds; service managers and `fleet up` wait longer than that
LONGEST_DRAIN_S = 90.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Durations in seconds."""

    #: between two heartbeats of a session
    heartbeat_s: float = 30.0
    #: without a result, until a job is dispatched again
    redispatch_s: float = 30.0
    #: attempts without a result, after which a job is quarantined
    max_attempts: int = 3
    #: messages of a job that are taken without any answer, after which it is quarantined
    max_unanswered: int = 10
    #: open jobs that came without a fetch
    max_free_jobs: int = 4
    #: between two comparisons of what is booked with the server's total while mining; 0 for none
    reconcile_s: float = 0.0
    #: waits after failed calls
    backoff: Backoff = field(default_factory=Backoff)
