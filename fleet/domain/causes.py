"""Two closed sets: why a job was not paid, and why a server's figures of a miner differ from the ledger."""

from __future__ import annotations

from enum import Enum

#: what a submission states of a job that the server refused, and hands out again
REFUSED_BEFORE = "refused before"


class Loss(Enum):
    """Why a job was not paid."""

    #: the server's deadline passed
    EXPIRED = "expired"
    #: the server's rate limit refused the submission
    LIMIT = "refused by limit"
    #: the server could not be reached
    SERVER_DOWN = "server down"
    #: the server no longer knew the job
    FORGOTTEN = "server forgot"
    #: the server did not accept the result's format
    BAD_FORMAT = "bad format"
    #: the server said no for another reason
    REFUSED = "refused by server"
    #: the job's data can't be computed on, or no kernel exists for its type
    PAYLOAD = "payload refused"
    #: no worker's host qualifies for its class, and the settings refuse such jobs
    UNSERVED = "no host qualifies"
    #: the kernel raised an exception
    KERNEL = "kernel failed"
    #: the worker processes that computed the job died
    WORKER_LOST = "worker lost"
    #: the job took longer than the workers allow
    TIME_LIMIT = "time limit"
    #: the farm stopped before the job was done
    DRAINED = "drained"
    #: a submission was sent and its outcome was never learnt
    ANSWER_LOST = "answer lost"
    #: it came without a fetch, and other jobs earn more for the requests that submitting it would take
    LEFT = "not worth a request"
    #: it came without a fetch, and the workers are too busy: other jobs earn more in its time, or it would expire
    OVERLOAD = "workers too busy"
    #: it came without a fetch, and the miner already had the most such jobs that it may have
    CROWDED = "too many open"


class Difference(Enum):
    """Why a server's total differs from what was booked, or a wallet from what was paid into it."""

    #: a submission whose answer was lost was paid although it was not booked, or was booked although it was not paid
    ANSWER_LOST = "answer lost"
    #: the server's total includes payments that were booked at the reward stated by the job
    CONFIRMED = "unconfirmed now confirmed"
    #: the server's total fell: the server no longer remembers what it paid
    FORGOTTEN = "server forgot"
    #: the server counts more jobs for this miner than this farm submitted
    OTHER_CLIENT = "another client on the same id"
    #: the server paid without counting a job, as it does for heartbeats
    HEARTBEAT = "heartbeat bonus"
    #: the wallet holds less than its last balance and the payments since: its owner or somebody else sent money
    SENT = "left the wallet"
    #: the server forgot its totals, and the wallet still holds earlier money
    WALLET_KEPT = "wallet kept"
    #: the server forgot its totals, and the wallet's money with them
    WALLET_LOST = "wallet lost"
    #: no known cause explains it
    UNKNOWN = "unknown"


#: differences of a wallet, not of the server's total
OF_WALLET = frozenset({Difference.SENT, Difference.WALLET_KEPT, Difference.WALLET_LOST})
