"""A miner's calls to its server and their outcomes, as values. The miner decides on a call, the client sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from fleet.domain.answers import HeartbeatAnswer, Receipt, Registration, SessionStart, SessionSummary, Totals
from fleet.domain.jobs import Job, MinerSpec, Usage
from fleet.domain.proof import Exchange
from fleet.errors import CallError

#: largest part of a server's limit for heartbeats: no more room is reserved for them, and no more miners are brought in
BEATS_SHARE = 0.5


class Urgency(IntEnum):
    """Which call gets the next request when the server's limit is near; lower goes first."""

    #: keeps a session alive
    HEARTBEAT = 0
    #: submits the result of a job
    SUBMISSION = 1
    #: stops a session, or asks for the miner's totals
    SESSION = 2
    #: starts the session of a miner that is registered, or registers such a miner again
    REOPENING = 3
    #: registers a new miner
    OPENING = 4
    #: asks for another job
    FETCH = 5
    #: any call of a miner that has used up its share of the limit and was paid nothing
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
    """One request, with everything that its body needs."""

    kind: CallKind
    spec: MinerSpec
    #: the two ids are empty for endpoints that take none
    session_id: str = ""
    job_id: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage | None = None
    #: number of paid jobs of this session, which a heartbeat reports
    completed: int = 0


#: the parsed answer of an endpoint
Answer = Registration | SessionStart | Job | Receipt | HeartbeatAnswer | SessionSummary | Totals


def states_total(outcome: Answer | CallError) -> bool:
    """Whether an answer states the total that the server has paid the miner."""
    if isinstance(outcome, Receipt | HeartbeatAnswer):
        return outcome.total_rewards is not None
    return isinstance(outcome, Totals) or (isinstance(outcome, Registration) and outcome.totals is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """How a call ended: an answer or an error."""

    call: Call
    outcome: Answer | CallError
    #: when the request was sent and when its answer was read, in monotonic seconds
    sent_at: float
    answered_at: float
    #: digests of the bodies of request and answer
    exchange: Exchange = field(default_factory=Exchange)


def job_given(reply: Reply) -> str | None:
    """Id of the job in an answer, or None if the answer contains no job."""
    match reply.outcome:
        case Job() as job:
            return job.job_id
        case SessionStart(initial_job=Job() as job) | HeartbeatAnswer(next_job=Job() as job):
            return job.job_id
    return None
