"""The coordinator's errors, by what the caller can do about them.

FleetError
├── CallError                one call to a NeoNet server did not bring what it asked for
│   ├── Unreachable          try again: the request never reached the server
│   │   ├── UnknownHost      … whose name does not resolve
│   │   └── Untrusted        … whose certificate does not verify
│   ├── RateLimited          try again later: the server counted too many requests
│   ├── OutcomeUnknown       ask again: the deed may be done, the answer says nothing
│   │   ├── NoAnswer         the connection ended, or the deadline passed, before an answer
│   │   ├── ServerFault      a 5xx, which some releases send after the deed (PROTOCOL, surprise 1)
│   │   ├── NoSuchCall       the server has no such call, or it is another server
│   │   └── Garbled          an answer that is not the protocol's
│   │       └── Foreign      a page of somebody else: a proxy, a login, a redirect
│   ├── Banned               try again later: the server takes nothing from this address
│   ├── NotRegistered        start over from `register`
│   ├── SessionLost          start over from `start-session`
│   ├── JobUnknown           give the job up: the server does not know it
│   ├── JobCompleted         the job is paid already
│   ├── Unsendable           give up: no request can be made of it, and none was sent
│   └── Refused              give up: the server says no and means it
├── LedgerError              stop: nothing may be submitted that can't be booked
│   ├── LedgerLocked         another coordinator holds this ledger
│   ├── LedgerLost           restore it: its file was deleted, replaced or damaged
│   └── LedgerBusy           wait: another program holds a lock, or the database is being restarted
├── ThreadEnded              end the process and start it again: a thread is gone that it can't do without
└── ServiceError             a part of the farm can't start; says what to do
    ├── RedisHeld            another coordinator uses this Redis
    └── WrongSetting         give up: the same settings end the same
"""

from __future__ import annotations


class FleetError(Exception):
    """Root of everything that `fleet` raises on purpose."""


class CallError(FleetError):
    """One call to a NeoNet server did not bring what it asked for."""


class Unreachable(CallError):
    """The request never reached the server: refused connection, unknown name, failed TLS."""


class UnknownHost(Unreachable):
    """The server's name does not resolve."""


class Untrusted(Unreachable):
    """The server's certificate does not verify: no authority that counts here signed it, or it is for another name."""


class RateLimited(CallError):
    """HTTP 429. `retry_after_s` is the server's wish in seconds, None where it states none."""

    def __init__(self, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__("429: too many requests" + (f", retry after {retry_after_s:g} s" if retry_after_s else ""))


class OutcomeUnknown(CallError):
    """The server may have done the deed; only asking again tells."""


class NoAnswer(OutcomeUnknown):
    """The connection ended, or the call's deadline passed, before a whole answer was read."""


class ServerFault(OutcomeUnknown):
    """A 5xx answer."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(f"{status}: {detail}")


class Garbled(OutcomeUnknown):
    """An answer that is no JSON object of the protocol: HTML, cut or absurd JSON, a field of another type."""


class NoSuchCall(OutcomeUnknown):
    """The server's own 404 for a path that it does not have, which says nothing about a job."""


class Foreign(Garbled):
    """An answer that NeoNet servers don't give: something before the server said it, or there is no such server.

    `location` is where a redirect leads, empty for anything else.
    """

    def __init__(self, status: int, words: str, location: str = "") -> None:
        self.status = status
        self.location = location
        super().__init__(f"{status}: {words}")


class Banned(CallError):
    """The server takes no call from this address for a time; nothing was done."""


class NotRegistered(CallError):
    """The server does not know this contributor."""


class SessionLost(CallError):
    """The server does not know this session, or says that it is another contributor's."""


class JobUnknown(CallError):
    """The server does not know this job."""


class JobCompleted(CallError):
    """The server has accepted this job before."""


class Unsendable(CallError):
    """A call of which no request can be made, such as a result that is no JSON: another attempt would end the same."""


class Refused(CallError):
    """Any other 4xx in the server's own words."""

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
    """The ledger can't be used now, and may be later: a lock of another program, a database that restarts."""


class ThreadEnded(FleetError):
    """A thread that the coordinator can't do without ended while the farm runs."""


class ServiceError(FleetError):
    """Redis, a port or a folder that the farm needs is not to be had."""


class RedisHeld(ServiceError):
    """Another coordinator uses this Redis; the message names it."""


class WrongSetting(ServiceError):
    """A setting names something that a farm can't use, e.g. a database that Redis does not have."""


#: a call that failed so tells nothing of the server but that it does not answer
SERVER_AWAY = (Unreachable, OutcomeUnknown, Banned)
