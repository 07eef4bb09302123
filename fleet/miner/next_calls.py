"""The calls that a miner could make next, and their earliest times; `Miner.begin` picks one. Pure."""

from __future__ import annotations

from fleet.domain.calls import URGENCY, CallKind, Urgency
from fleet.domain.turn import NEVER
from fleet.miner.job import ActiveJob
from fleet.miner.jobs import Workload
from fleet.miner.lanes import Lanes
from fleet.miner.phase import NEXT_CALL, Phase
from fleet.miner.reconciling import Reconciling

#: a call, the job that it submits, and its earliest time in monotonic seconds
Wish = tuple[CallKind, ActiveJob | None, float]


def calls_between_sessions(phase: Phase, reconciling: Reconciling) -> list[Wish]:
    """The call that leads to the next phase."""
    kind = NEXT_CALL[phase]
    return [(kind, None, reconciling.at if kind is CallKind.TOTALS and reconciling.doubting else 0.0)]


def calls_in_session(
    workload: Workload, lanes: Lanes, reconciling: Reconciling, now: float, *, draining: bool, takes: bool
) -> list[Wish]:
    """Calls that the free lanes could take while a session runs; `takes` is whether new jobs are fetched."""
    session = workload.session
    if session is None:
        return []
    over = draining and not workload.jobs
    if over and lanes.idle:
        return [(CallKind.STOP_SESSION, None, 0.0)]
    if lanes.under_way(CallKind.TOTALS):
        # a payment made meanwhile might or might not be in the total
        return []
    wishes: list[Wish] = []
    if lanes.side is None and not lanes.under_way(CallKind.SUBMIT) and not over:
        wishes.append((CallKind.HEARTBEAT, None, session.heartbeat_at))
    if reconciling.at <= now and not draining and not workload.uncertain:
        # let the lanes fall idle so that the totals can be compared, unless a submission's outcome is unknown
        ready = lanes.idle and session.heartbeat_at > now
        return [*wishes, (CallKind.TOTALS, None, 0.0)] if ready else wishes
    if session.heartbeat_at > now and not lanes.under_way(CallKind.HEARTBEAT):
        wishes.extend((CallKind.SUBMIT, active, 0.0) for active in workload.sendable() if lanes.free_for(active))
    doubting = reconciling.doubting and not workload.uncertain
    if lanes.main is None and takes and not doubting and workload.may_fetch:
        wishes.append((CallKind.FETCH, None, workload.pause.until))
    if now < reconciling.at < NEVER and not draining:
        wishes.append((CallKind.TOTALS, None, reconciling.at))
    return wishes


def most_urgent(wishes: list[Wish], not_before: float, now: float) -> tuple[Urgency, float, float]:
    """The most urgent call that may be sent, its earliest time, and when a more urgent call falls due.

    No call is made `not_before`. `(FETCH, inf, inf)` if there is no call.
    """
    timed = [(URGENCY[kind], max(at, not_before)) for kind, _, at in wishes]
    due = [wish for wish in timed if wish[1] <= now]
    if not due:
        urgency, at = min(timed, key=lambda wish: wish[1], default=(Urgency.FETCH, NEVER))
        return urgency, at, NEVER
    urgency, at = min(due)
    return urgency, at, min((at for other, at in timed if other < urgency), default=NEVER)
