"""Why a farm was given no job: the kinds of trouble with a server, and one of them in words. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """Why nothing can be mined."""

    #: the server is somewhere else
    REDIRECTED = "redirected"
    #: it is no NeoNet server, or one of the first release
    NO_MINING = "no_mining"
    #: something answers in its place
    FOREIGN = "foreign"
    #: its certificate does not verify
    UNTRUSTED = "untrusted"
    #: its name does not resolve
    UNKNOWN_HOST = "unknown_host"
    #: it takes no calls from this address
    BANNED = "banned"
    #: it does not answer, or with errors alone
    AWAY = "away"
    #: it answers, and gave no job
    NO_JOB = "no_job"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Why nothing was mined, and what to do about it, in one line."""

    trouble: Trouble
    text: str
    #: somebody stopped the farm, which might have gone on trying
    asked: bool = False
