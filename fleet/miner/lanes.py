"""A miner's two lanes to its server, each with one call at a time. Pure."""

from __future__ import annotations

from enum import IntEnum

from fleet.domain.calls import Call, CallKind
from fleet.domain.jobs import JobOrigin, MinerSpec
from fleet.miner.job import ActiveJob
from fleet.miner.session import Session


class Lane(IntEnum):
    """One of the two lanes."""

    MAIN = 0
    SIDE = 1


class Lanes:
    """The call that is under way on each lane."""

    def __init__(self) -> None:
        self._calls: dict[Lane, Call | None] = dict.fromkeys(Lane)

    @property
    def main(self) -> Call | None:
        """The call that is under way on the main lane, or None."""
        return self._calls[Lane.MAIN]

    @property
    def side(self) -> Call | None:
        """The call that is under way on the side lane, or None."""
        return self._calls[Lane.SIDE]

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""
        return not any(self._calls.values())

    def under_way(self, kind: CallKind) -> bool:
        """Whether a call of this kind is under way."""
        return any(call is not None and call.kind is kind for call in self._calls.values())

    def free_for(self, active: ActiveJob) -> bool:
        """Whether the lane for this job's submission is free."""
        return self._calls[_lane(CallKind.SUBMIT, active)] is None

    def begin(self, call: Call, active: ActiveJob | None) -> None:
        """Record an outgoing call."""
        self._calls[_lane(call.kind, active)] = call

    def ended(self, call: Call) -> None:
        """Record that a call was answered or failed."""
        for lane, pending in self._calls.items():
            if pending is call:
                self._calls[lane] = None


def _lane(kind: CallKind, active: ActiveJob | None) -> Lane:
    if active is not None:
        return Lane.MAIN if active.job.origin is JobOrigin.FETCHED and not active.submission.unknown else Lane.SIDE
    return Lane.SIDE if kind is CallKind.HEARTBEAT else Lane.MAIN


def call_for(kind: CallKind, spec: MinerSpec, session: Session | None, active: ActiveJob | None) -> Call:
    """The call of this kind, with the fields that the server expects."""
    if session is None:
        return Call(kind=kind, spec=spec)
    return Call(
        kind=kind,
        spec=spec,
        session_id=session.session_id,
        job_id=active.job.job_id if active else "",
        result=active.result or {} if active else {},
        completed=session.completed,
        usage=session.usage(),
    )
