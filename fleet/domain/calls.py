"""What a miner can ask of a server, as values: decided by the miner, sent by the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from fleet.domain.jobs import (
    HeartbeatAnswer,
    Job,
    MinerSpec,
    Receipt,
    Registration,
    SessionStart,
    SessionSummary,
    Totals,
    Usage,
)
from fleet.domain.proof import Exchange
from fleet.errors import CallError


class Urgency(IntEnum):
    """Who gets the next request when the server's limit is near; lower goes first."""

    #: keeps a session alive
    HEARTBEAT = 0
    #: brings in a job that is computed already
    SUBMISSION = 1
    #: closes or checks
    SESSION = 2
    #: opens the session of a miner that was brought in, or brings it back
    REOPENING = 3
    #: brings a miner in
    OPENING = 4
    #: asks for more work
    FETCH = 5
    #: whatever a miner asks for that has used up its share and got nothing for it
    LAST = 6


class CallKind(StrEnum):
    """The endpoints that a miner uses."""

    REGISTER = "register"
    START_SESSION = "start-session"
    FETCH = "task"
    SUBMIT = "submit-result"
    HEARTBEAT = "heartbeat"
    STOP_SESSION = "stop-session"
    TOTALS = "contributor"


URGENCY = {
    CallKind.HEARTBEAT: Urgency.HEARTBEAT,
    CallKind.SUBMIT: Urgency.SUBMISSION,
    CallKind.REGISTER: Urgency.OPENING,
    CallKind.START_SESSION: Urgency.OPENING,
    CallKind.STOP_SESSION: Urgency.SESSION,
    CallKind.TOTALS: Urgency.SESSION,
    CallKind.FETCH: Urgency.FETCH,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, with all that its body needs."""

    kind: CallKind
    spec: MinerSpec
    #: empty where the endpoint takes none
    session_id: str = ""
    job_id: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage | None = None
    #: jobs of this session that were paid, for a heartbeat
    completed: int = 0


#: what an endpoint's answer is read into
Answer = Registration | SessionStart | Job | Receipt | HeartbeatAnswer | SessionSummary | Totals


def states_total(outcome: Answer | CallError) -> bool:
    """Whether an answer says what the server has paid the miner in all."""
    if isinstance(outcome, Receipt | HeartbeatAnswer):
        return outcome.total_rewards is not None
    return isinstance(outcome, Totals) or (isinstance(outcome, Registration) and outcome.totals is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """How a call ended: an answer or an error."""

    call: Call
    outcome: Answer | CallError
    #: monotonic seconds at which the request was sent and its answer read
    sent_at: float
    answered_at: float
    #: digests of what crossed the wire
    exchange: Exchange = field(default_factory=Exchange)


def job_given(reply: Reply) -> str | None:
    """Id of the job that an answer brings, None where it brings none."""
    match reply.outcome:
        case Job() as job:
            return job.job_id
        case SessionStart(initial_job=Job() as job) | HeartbeatAnswer(next_job=Job() as job):
            return job.job_id
    return None
