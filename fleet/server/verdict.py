"""Why a server gives no jobs: the kinds of trouble, and a verdict in words. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """Why nothing can be mined."""

    #: the server is at another address
    REDIRECTED = "redirected"
    #: the server is not a NeoNet server, or one of the first release, which gives no jobs
    NO_MINING = "no_mining"
    #: something else answers in the server's place
    FOREIGN = "foreign"
    #: the server's certificate does not verify
    UNTRUSTED = "untrusted"
    #: the server's name does not resolve
    UNKNOWN_HOST = "unknown_host"
    #: the server refuses all calls from this address
    BANNED = "banned"
    #: the server does not answer, or answers only with errors
    AWAY = "away"
    #: the server answers but gave no job
    NO_JOB = "no_job"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Why nothing was mined, and what to do about it, in one line."""

    trouble: Trouble
    text: str
    #: True if someone stopped the farm, which might otherwise have gone on trying
    asked: bool = False
