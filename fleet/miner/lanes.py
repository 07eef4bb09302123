"""A miner's two lanes to its server, each with one call at a time. Pure."""

from __future__ import annotations

from fleet.domain.calls import Call, CallKind
from fleet.domain.jobs import JobOrigin, MinerSpec
from fleet.miner.job import ActiveJob
from fleet.miner.session import Session


class Lanes:
    """The call that is under way on each lane."""

    def __init__(self) -> None:
        #: the call that is under way on the main lane, or None
        self.main: Call | None = None
        #: the call that is under way on the side lane, or None
        self.side: Call | None = None

    @property
    def idle(self) -> bool:
        """Whether no call is under way."""
        return self.main is None and self.side is None

    def under_way(self, kind: CallKind) -> bool:
        """Whether a call of this kind is under way."""
        main, side = self.main, self.side
        return (main is not None and main.kind is kind) or (side is not None and side.kind is kind)

    def free_for(self, active: ActiveJob) -> bool:
        """Whether the lane for this job's submission is free."""
        return (self.main if _is_main(CallKind.SUBMIT, active) else self.side) is None

    def begin(self, call: Call, active: ActiveJob | None) -> None:
        """Record an outgoing call."""
        if _is_main(call.kind, active):
            self.main = call
        else:
            self.side = call

    def ended(self, call: Call) -> None:
        """Record that a call was answered or failed."""
        if self.main is call:
            self.main = None
        if self.side is call:
            self.side = None


def _is_main(kind: CallKind, active: ActiveJob | None) -> bool:
    """Whether a call belongs on the main lane; `active` is the job that it submits."""
    if active is not None:
        return active.job.origin is JobOrigin.FETCHED and not active.submission.unknown
    return kind is not CallKind.HEARTBEAT


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
