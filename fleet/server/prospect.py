"""Judges a server that has never given this farm a job: what is wrong with it, and whether to go on. Pure.

Retrying does not fix a wrong URL, a proxy's sign-in page or an untrusted certificate. Once the server has given a job,
it is known to be a NeoNet server, and the farm waits for any later failure to pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from fleet.domain.answers import HeartbeatAnswer, SessionStart
from fleet.domain.calls import Answer
from fleet.domain.jobs import Job
from fleet.errors import (
    Banned,
    CallError,
    Foreign,
    Garbled,
    JobCompleted,
    JobUnknown,
    NoSuchCall,
    NotRegistered,
    RateLimited,
    Refused,
    ServerFault,
    SessionLost,
    UnknownHost,
    Unsendable,
    Untrusted,
)
from fleet.server.verdict import Trouble, Verdict

#: how long a farm may run without a job before it counts as unhealthy, in seconds since its start
_UNHEALTHY_S = 120.0
#: errors that a NeoNet server states in its own words
_NEONET = (NotRegistered, SessionLost, JobUnknown, JobCompleted, Refused)


#: error → kind of trouble and message; the first match counts
_WORDS: tuple[tuple[type[CallError], Trouble, str], ...] = (
    (
        NoSuchCall,
        Trouble.NO_MINING,
        (
            "{server} has no /ai-energy calls: it is not a NeoNet server, or one of the first public release "
            "(2025-12-01), which gives no jobs; name another one with --server or FLEET_SERVER"
        ),
    ),
    (
        Garbled,
        Trouble.FOREIGN,
        "something else answers in place of {server}: {error}; look at that URL in a browser",
    ),
    (
        Untrusted,
        Trouble.UNTRUSTED,
        (
            "the certificate of {server} does not verify: {error}; if an authority of your own signed it, "
            "name its PEM file with FLEET_HTTP__CA_FILE"
        ),
    ),
    (
        UnknownHost,
        Trouble.UNKNOWN_HOST,
        "the name {host} does not resolve: check it, and this machine's DNS",
    ),
    (Banned, Trouble.BANNED, "{server} refuses all calls from this address: {error}"),
    (ServerFault, Trouble.AWAY, "{server} answers only with errors: {error}"),
    (CallError, Trouble.AWAY, "{server} does not answer: {error}"),
)


class Prospect:
    """Judges the server by its answers until it gives its first job. Times are monotonic seconds.

    `mined` is True if the server gave jobs to an earlier coordinator. `patience_s` is how long a farm waits for its
    first job before it ends; None or 0 for no limit. `hide` removes the miners' ids from the server's words.
    """

    def __init__(
        self,
        server: str,
        *,
        mined: bool,
        patience_s: float | None,
        now: float,
        hide: Callable[[str], str] = str,
    ) -> None:
        self._hide = hide
        self._server = server
        self._mined = mined
        self._patience_s = patience_s
        self._since = now
        self._said: Verdict | None = None
        #: whether this coordinator was given a job
        self._given = False
        #: what is wrong with the server; None while nothing is, and always None once it gave a job
        self.verdict: Verdict | None = None

    def observe(self, outcome: Answer | CallError) -> None:
        """Record how a call ended."""
        if self._given:
            return
        if isinstance(outcome, CallError):
            verdict = None if isinstance(outcome, _NEONET) else verdict_of(outcome, self._server) or self.verdict
            self.verdict = verdict and replace(verdict, text=self._hide(verdict.text))
            return
        self.verdict = None
        match outcome:
            case Job() | SessionStart(initial_job=Job()) | HeartbeatAnswer(next_job=Job()):
                self._given = self._mined = True

    def news(self) -> Verdict | None:
        """A new verdict that retrying does not change; each one is returned once."""
        verdict = self.verdict
        if verdict is None or verdict == self._said or verdict.trouble is Trouble.AWAY:
            return None
        self._said = verdict
        return verdict

    def unhealthy(self, now: float) -> Verdict | None:
        """The verdict on a server that gave no job in the first two minutes, else None."""
        return None if self._mined or now - self._since < _UNHEALTHY_S else self.verdict

    def reason_to_stop(self, now: float) -> Verdict | None:
        """The verdict on a server that gave no job within `patience_s`, so that the farm should end; else None."""
        return None if self._mined or not self._patience_s or now - self._since < self._patience_s else self.verdict

    def at_end(self, *, assigned: int, asked: bool) -> Verdict | None:
        """The verdict on a run that was given `assigned` jobs. `asked` is True if someone stopped the run early."""
        if assigned:
            return None
        if self.verdict is not None:
            return replace(self.verdict, asked=asked)
        text = f"{self._server} answers, but gave no job in this time"
        return None if asked else Verdict(trouble=Trouble.NO_JOB, text=text)


def verdict_of(error: CallError, server: str) -> Verdict | None:
    """What an error means for all calls to `server`; None if it says nothing about them, like a rate limit."""
    if isinstance(error, RateLimited | Unsendable):
        return None
    location = error.location if isinstance(error, Foreign) else ""
    if location:
        words = f"{server} redirects to {location}: if that is the server, name it with --server or FLEET_SERVER"
        return Verdict(trouble=Trouble.REDIRECTED, text=words)
    trouble, words = next((trouble, words) for kind, trouble, words in _WORDS if isinstance(error, kind))
    host = urlsplit(server).hostname or server
    return Verdict(trouble=trouble, text=words.format(server=server, host=host, error=error))
