"""The coordinator's errors, by what the caller can do about them.

FleetError
├── CallError                one call to a NeoNet server failed
│   ├── Unreachable          try again: the request never reached the server
│   │   ├── UnknownHost      … whose name does not resolve
│   │   └── Untrusted        … whose certificate does not verify
│   ├── RateLimited          try again later: the server counted too many requests
│   ├── OutcomeUnknown       ask again: the server may have carried out the request
│   │   ├── NoAnswer         the connection ended, or the deadline passed, before an answer
│   │   ├── ServerFault      a 5xx, which may follow a request that was carried out (docs/protocol-notes.md, 1)
│   │   ├── NoSuchCall       the server has no such endpoint, or is not a NeoNet server
│   │   └── Garbled          an answer that does not follow the protocol
│   │       └── Foreign      a page from something else: a proxy, a login, a redirect
│   ├── Banned               try again later: the server refuses all calls from this address
│   ├── NotRegistered        start over from `register`
│   ├── SessionLost          start over from `start-session`
│   ├── JobUnknown           give up the job: the server does not know it
│   ├── JobCompleted         do nothing: the job is already paid
│   ├── Unsendable           give up: the call can't be encoded as a request, and none was sent
│   └── Refused              give up: the server's refusal is final
├── LedgerError              stop: nothing may be submitted that can't be booked
│   ├── LedgerLocked         another coordinator holds this ledger
│   ├── LedgerLost           restore it: its file was deleted, replaced or damaged
│   └── LedgerBusy           wait: another program holds a lock, or the database is being restarted
├── ControlRefused           ask for another one: this pause or resume makes no sense; the message says what exists
├── TokenRefused             ask for another one: no token can be made or revoked so; the message says what exists
├── ThreadEnded              restart the process: a thread that it depends on has ended
└── ServiceError             a part of the farm can't start; the message says what to do
    ├── RedisHeld            another coordinator uses this Redis
    └── WrongSetting         give up: a retry with the same settings fails again
"""

from __future__ import annotations


class FleetError(Exception):
    """Base class of all errors that `fleet` raises on purpose."""


class CallError(FleetError):
    """One call to a NeoNet server failed."""


class Unreachable(CallError):
    """The request never reached the server: refused connection, unknown name, failed TLS."""


class UnknownHost(Unreachable):
    """The server's name does not resolve."""


class Untrusted(Unreachable):
    """The server's certificate does not verify: no trusted authority signed it, or it is for another name."""


class RateLimited(CallError):
    """HTTP 429. `retry_after_s` is the server's Retry-After in seconds, or None if it stated none."""

    def __init__(self, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__("429: too many requests" + (f", retry after {retry_after_s:g} s" if retry_after_s else ""))


class OutcomeUnknown(CallError):
    """The server may have carried out the request; only asking again shows whether it did."""


class NoAnswer(OutcomeUnknown):
    """The connection ended, or the call's deadline passed, before a whole answer was read."""


class ServerFault(OutcomeUnknown):
    """A 5xx answer."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(f"{status}: {detail}")


class Garbled(OutcomeUnknown):
    """An answer that is no JSON object of the protocol: HTML, truncated or absurd JSON, a field of the wrong type."""


class NoSuchCall(OutcomeUnknown):
    """The server's own 404 for an unknown path, which says nothing about a job."""


class Foreign(Garbled):
    """An answer that NeoNet servers don't give: it came from a proxy, or there is no NeoNet server at this address.

    `location` is the target of a redirect, empty for any other answer.
    """

    def __init__(self, status: int, words: str, location: str = "") -> None:
        self.status = status
        self.location = location
        super().__init__(f"{status}: {words}")


class Banned(CallError):
    """The server refuses all calls from this address for a while; this call had no effect.

    `unblock_in_s` is how long it says that this lasts, in seconds, or None if it states no usable time.
    """

    def __init__(self, words: str, unblock_in_s: float | None = None) -> None:
        self.unblock_in_s = unblock_in_s
        super().__init__(words)


class NotRegistered(CallError):
    """The server does not know this contributor."""


class SessionLost(CallError):
    """The server does not know this session, or says that it belongs to another contributor."""


class JobUnknown(CallError):
    """The server does not know this job."""


class JobCompleted(CallError):
    """The server has already accepted this job."""


class Unsendable(CallError):
    """The call can't be encoded as a request, e.g. its result is not JSON; another attempt would fail the same way."""


class Refused(CallError):
    """Any other 4xx, with the server's own words."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(f"{status}: {detail}")


class LedgerError(FleetError):
    """The ledger can't be opened, read or written."""


class LedgerLocked(LedgerError):
    """Another coordinator holds the ledger; the message names it."""


class LedgerLost(LedgerError):
    """The ledger's file was deleted, replaced or damaged, before the start or while the farm ran."""


class LedgerBusy(LedgerError):
    """The ledger can't be used now but may be later: another program holds a lock, or the database is restarting."""


class ControlRefused(FleetError):
    """A pause, resume, drain or retry that can't be followed; the message says why, and what there is."""


class TokenRefused(FleetError):
    """A token that can't be made or revoked, or a list of tokens that is damaged; the message says why."""


class ThreadEnded(FleetError):
    """A thread that the coordinator depends on ended while the farm was running."""


class ServiceError(FleetError):
    """Redis, a port or a folder that the farm needs is not available."""


class RedisHeld(ServiceError):
    """Another coordinator uses this Redis; the message names it."""


class WrongSetting(ServiceError):
    """A setting names something that the farm can't use, e.g. a database that Redis does not have."""


#: errors that say only that the server is not available at the moment
SERVER_AWAY = (Unreachable, OutcomeUnknown, Banned)
