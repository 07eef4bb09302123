"""A symptom: something that looks wrong at this moment. It becomes a condition once it lasts."""

from __future__ import annotations

from dataclasses import dataclass

FARM, QUEUE = "farm", "queue"


def miner_subject(name: str) -> str:
    """The subject of a miner."""
    return f"miner {name}"


def host_subject(name: str) -> str:
    """The subject of a worker host."""
    return f"host {name}"


def server_subject(name: str) -> str:
    """The subject of a server."""
    return f"server {name}"


def is_part(subject: str) -> bool:
    """Whether the subject is a part of the farm, a miner or a host, rather than what all of them need."""
    return subject.startswith(("miner ", "host "))


@dataclass(frozen=True, kw_only=True, slots=True)
class Symptom:
    """Something that looks wrong at one moment."""

    #: a key of `fleet.health.kinds.KINDS`
    kind: str
    subject: str
    #: a sentence that names its subject, and does not change while the symptom lasts
    text: str
    #: for how many seconds it has lasted already
    lasted_s: float = 0.0
    #: an estimate of the NNET that a day of this costs; None while unknown
    nnet_per_day: float | None = None
