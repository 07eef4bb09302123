"""The policy that all miners of a farm follow: intervals, limits and waits."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleet.miner.backoff import Backoff

#: message that says why Ctrl-Z is ignored
NO_PAUSE = (
    "Ctrl-Z is ignored: a suspended farm loses its sessions within a minute. "
    "Ctrl-C finishes the open jobs and ends it; the next start continues from the ledger."
)
#: longest that a drain is extended to, in seconds; service managers and `fleet up` wait longer than this
LONGEST_DRAIN_S = 90.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Durations in seconds."""

    #: interval between two heartbeats of a session
    heartbeat_s: float = 30.0
    #: wait for a result before a job is dispatched again
    redispatch_s: float = 30.0
    #: number of attempts without a result after which a job is quarantined
    max_attempts: int = 3
    #: number of unanswered messages after which a job is quarantined
    max_unanswered: int = 10
    #: most open jobs that came without a fetch
    max_free_jobs: int = 4
    #: interval between two comparisons of the ledger with the server's total while mining; 0 for none
    reconcile_s: float = 0.0
    #: waits after failed calls
    backoff: Backoff = field(default_factory=Backoff)
