"""The kinds of conditions: how bad each is, what to do about it, and how long it takes to begin and to end."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.status.snapshot import Severity

#: seconds that most conditions must be absent before they end, so that one that comes and goes is one
_STEADY_S = 30.0
#: the same for conditions that are known at once and surely, and for estimates
_SURE_S, _SLOW_S = 3.0, 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionKind:
    """One kind of condition."""

    severity: Severity
    #: whether the farm as a whole earns nothing meanwhile
    stops: bool
    #: what to do about it, in one sentence
    help: str
    #: seconds that a symptom must last before it is a condition, and be absent before the condition ends
    begins_s: float = 0.0
    ends_s: float = _STEADY_S


def _stop(advice: str) -> ConditionKind:
    return ConditionKind(severity=Severity.FAIL, stops=True, help=advice, ends_s=_SURE_S)


def _fail(advice: str, *, begins_s: float = 0.0, ends_s: float = _STEADY_S) -> ConditionKind:
    return ConditionKind(severity=Severity.FAIL, stops=False, help=advice, begins_s=begins_s, ends_s=ends_s)


def _warn(advice: str, *, begins_s: float = 0.0, ends_s: float = _STEADY_S) -> ConditionKind:
    return ConditionKind(severity=Severity.WARN, stops=False, help=advice, begins_s=begins_s, ends_s=ends_s)


#: the most important first
KINDS: dict[str, ConditionKind] = {
    "ledger": _stop(
        "Free space on the ledger's disk, or end the program that locks it; mining then goes on by itself."
    ),
    "ban": _stop("Leave the coordinator running: it waits until the server takes calls again."),
    "server": _stop("Check the server's address by `fleet doctor`, or ask the server's operator."),
    "outage": _stop("Check this machine's network by `fleet doctor`; the coordinator goes on when the server answers."),
    "redis": _stop("Start Redis, or check its address and password by `fleet doctor`."),
    "no_worker": _stop("Start one with `fleet worker` or `fleet join`."),
    "stuck": _stop("Restart the workers: they are connected, and compute nothing."),
    "no_session": _stop("Look at the coordinator's log for the server's reason."),
    "unpaid": _stop("Look at the coordinator's log and at `fleet rewards --losses`."),
    "wallet_left": _fail("If you did not send it, somebody else knows the miner's id: use a new one."),
    "server_down": _warn(
        "Check its address and this machine's network by `fleet doctor`; mining there goes on when it answers.",
        ends_s=_SURE_S,
    ),
    "server_unpaid": _warn("`fleet rewards --losses` shows the server's reason; ask the server's operator."),
    "deaf_worker": _fail(
        "Restart the worker on that host; if you removed the host, this ends within a day.", ends_s=_SURE_S
    ),
    "wrong_results": _fail(
        "Look for bad memory, heat or overclocking on that host; `fleet resume host NAME` takes its results again.",
        ends_s=_SURE_S,
    ),
    "host_failing": _fail("Run `fleet doctor --host` there, and look at its worker's log."),
    "wrong_signature": _warn(
        "Stop that host's workers and invite it again; if nobody changed its key, somebody else has its password: "
        "`docker/dismiss` it first.",
        ends_s=_SURE_S,
    ),
    "foreign_jobs": _warn(
        "Somebody with a host's password and key adds jobs to the queue: dismiss the host that you suspect.",
        ends_s=_SURE_S,
    ),
    "unsigned_results": _warn(
        "Restart the farm's own workers; invite any other host again by `docker/invite`, so that it gets a key.",
        ends_s=_SURE_S,
    ),
    "idle_miner": _fail("Compare it with the others by `fleet explain miner NAME`; a restart opens a new session."),
    "failing_calls": _fail("Look at the coordinator's log for the server's answer to this miner.", begins_s=180.0),
    "accept_ratio": _warn("`fleet rewards --losses` shows why jobs were not paid.", begins_s=30.0, ends_s=_SLOW_S),
    "slower": _warn(
        "`fleet explain farm` shows what else changed; a busier network pays each farm less.", begins_s=60.0
    ),
    "slower_host": _warn("Look for other programs, heat or swapping on that host.", begins_s=30.0, ends_s=_SLOW_S),
    "budget_full": _warn(
        "The server takes no more calls from this address: `fleet advise` says what one more address would earn.",
        begins_s=120.0,
        ends_s=_SLOW_S,
    ),
    "no_room": _warn("Set fewer miners, or `auto`: `fleet advise` says how many the limit carries."),
    "unserved": _warn(
        "Start a worker on a host that qualifies, as `fleet workers` lists them, or set dispatch.unserved to run.",
        ends_s=_SURE_S,
    ),
    "old_release": _warn("Install the coordinator's release on that host: results of other kernels may be refused."),
    "overstated": _warn(
        "Have the miners register what the hosts have: remove cpu, gpu_mem and gpu_model, and those of [[miner]].",
        begins_s=30.0,
    ),
    "unexplained": _warn("`fleet reconcile` shows which miners it concerns."),
    "disk": _warn("Free space there, or move FLEET_STATE_DIR to a larger disk.", ends_s=600.0),
    "certificate": _warn("Have whoever runs the server renew its certificate; calls fail when it ends."),
}
_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}


def rank(kind: str) -> int:
    """The place of a kind among all kinds, 0 for the most important."""
    return _RANKS[kind]
