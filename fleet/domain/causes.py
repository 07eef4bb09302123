"""Why money did not come, or came otherwise than it was booked: two closed sets."""

from __future__ import annotations

from enum import Enum


class Loss(Enum):
    """Why a job was not paid."""

    #: the server's deadline passed
    EXPIRED = "expired"
    #: the server took no more requests
    LIMIT = "refused by limit"
    #: the server could not be reached
    SERVER_DOWN = "server down"
    #: the server did not know the job any more
    FORGOTTEN = "server forgot"
    #: the result was not in the form that the server takes
    BAD_FORMAT = "bad format"
    #: the server said no for another reason
    REFUSED = "refused by server"
    #: its data can't be computed, or no kernel knows its type
    PAYLOAD = "payload refused"
    #: its kernel raised
    KERNEL = "kernel failed"
    #: the processes that computed it died
    WORKER_LOST = "worker lost"
    #: it took longer than the workers allow
    TIME_LIMIT = "time limit"
    #: the farm stopped before it was done
    DRAINED = "drained"
    #: a submission was sent, and nothing ever told what became of it
    ANSWER_LOST = "answer lost"


class Difference(Enum):
    """What explains that a server's total is not what was booked."""

    #: a submission whose answer was lost was paid, or was not
    ANSWER_LOST = "answer lost"
    #: payments booked as the job stated are in the server's total
    CONFIRMED = "unconfirmed now confirmed"
    #: the server's total fell: it does not remember what it paid
    FORGOTTEN = "server forgot"
    #: the server counts more jobs for this miner than this farm submitted
    OTHER_CLIENT = "another client on the same id"
    #: the server paid without counting a job, as it does for heartbeats
    HEARTBEAT = "heartbeat bonus"
    #: none of these
    UNKNOWN = "unknown"
