"""All events that a miner handles, as values. Times are monotonic seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from fleet.domain.calls import Answer, Reply
from fleet.domain.checks import Screened
from fleet.domain.free_jobs import FreeJobTerms
from fleet.domain.jobs import MinerSpec
from fleet.domain.proof import Exchange
from fleet.domain.saved_state import AbandonedSession
from fleet.errors import CallError
from tasks.messages import ResultMessage


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultArrived:
    """A worker's attempt at one of the miner's jobs ended."""

    message: ResultMessage
    #: why the result is not taken, or why there is none; empty if it can be submitted
    flaw: str
    #: workers that compute other jobs
    able: Collection[str] = ()
    #: what becomes of the result
    screened: Screened = Screened.TAKEN
    #: what its worker states of its host that decides on a result's last bits; empty if unknown
    kind: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldOver:
    """The wait of a result that was held is over: it is `TAKEN`, or `CHECKED` from now on."""

    job_id: str
    screened: Screened


@dataclass(frozen=True, slots=True)
class HostDistrusted:
    """A host computes wrongly: what it computed alone and was not submitted is to be computed again."""

    host: str


@dataclass(frozen=True, slots=True)
class HostsLeft:
    """Hosts have gone: no check is to wait for any but these workers."""

    able: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unserved:
    """No worker's host qualifies for one of the miner's jobs, and such jobs are refused."""

    job_id: str
    #: in words
    cause: str
    #: whether the job was sent to the workers before, so that a host may still answer
    sent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The dispatcher has finished with one of the miner's jobs. `published` is False if it could not be published."""

    job_id: str
    miner_id: str
    attempt: int
    published: bool
    #: True if nothing was published because an earlier message of the job may still be in the queue
    waits: bool = False


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The time has come that the miner gave as `wakes_at`."""


@dataclass(frozen=True, slots=True)
class BrokerEmptied:
    """Redis lost its data, so every job at the workers has to be dispatched again at once."""


@dataclass(frozen=True, slots=True)
class ServerIsBack:
    """The server answers again after an outage, so waits for it end."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The miner is to call the server once, even if its wait is not over."""


@dataclass(frozen=True, slots=True)
class DrainBegun:
    """Fetch nothing more; finish the open jobs, stop the session, ask for the totals."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Drain as at `DrainBegun` while the farm mines on: the session is stopped however long the server is away."""


@dataclass(frozen=True, slots=True)
class DrainOver:
    """The drain took too long: end each job without a submission under way, and go on to the farewell."""


@dataclass(frozen=True, slots=True)
class Left:
    """The farewell took too long: leave the miner as it is at the server; `reason` is recorded for an open session."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """Open a session again after a drain of this miner alone."""


@dataclass(frozen=True, slots=True)
class Respecified:
    """Drain as at `Closed`; once it is opened again, the miner registers with other hardware."""

    spec: MinerSpec


@dataclass(frozen=True, slots=True)
class WalletDue:
    """Request the total of a closed miner, since the answer states what its wallet holds."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Take no new job until `Resumed`: open jobs are finished, and a session is kept until it is drained."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Take jobs again."""


@dataclass(frozen=True, slots=True)
class Retried:
    """An operator ends the miner's waits after failures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AbandonedSessionStopped:
    """An abandoned session was stopped, or not. No miner handles it, since none is left."""

    session: AbandonedSession
    outcome: Answer | CallError
    #: id of the session that the server said is open; empty if it was not asked, or named none
    found: str = ""
    #: number of requests made
    requests: int = 1
    #: digests of the bodies of request and answer
    exchange: Exchange = field(default_factory=Exchange)
    #: name of the server; empty for the only one
    server: str = ""


@dataclass(frozen=True, slots=True)
class FreeJobsWorth:
    """From now on, a job that comes without a fetch is ignored unless it meets these terms."""

    terms: FreeJobTerms


#: events between the coordinator and its workers
WorkEvent = Published | BrokerEmptied | HoldOver | HostDistrusted | HostsLeft | Unserved

MinerEvent = (
    Reply
    | ResultArrived
    | WorkEvent
    | TimePassed
    | ServerIsBack
    | Probe
    | DrainBegun
    | Closed
    | DrainOver
    | Left
    | Reopened
    | Respecified
    | Paused
    | Resumed
    | Retried
    | FreeJobsWorth
    | WalletDue
)
