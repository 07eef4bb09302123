"""What is paused or drained: targets, controls in force, and entries of the log. Times are UTC milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    """The kinds of targets that a control applies to."""

    FARM = "farm"
    SERVER = "server"
    TAG = "tag"
    MINER = "miner"
    HOST = "host"
    JOB_TYPE = "type"
    #: of the log alone: the settings, with what of them changed as the name, and a token of the HTTP API
    SETTINGS = "settings"
    TOKEN = "token"  # noqa: S105 - a kind


class Action(StrEnum):
    """What a control does while it is in force."""

    #: nothing new is begun
    PAUSE = "pause"
    #: what is open is finished, then the session or the worker ends
    DRAIN = "drain"


class ControlChange(StrEnum):
    """What an entry of the log records."""

    PAUSE = "pause"
    DRAIN = "drain"
    RESUME = "resume"
    #: the waits after failures end now
    RETRY = "retry"
    #: a control's time was over
    END = "end"
    #: the running farm took settings over
    RELOAD = "reload"
    #: a token was made, or revoked
    CREATE = "create"
    REVOKE = "revoke"


class Source(StrEnum):
    """Who orders a control. Each has its own, so that a schedule never ends what an operator ordered."""

    OPERATOR = "operator"
    SCHEDULE = "schedule"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a control applies to."""

    kind: TargetKind
    #: empty for the farm
    name: str = ""

    @property
    def shown(self) -> str:
        """The target in a sentence."""
        if self.kind is TargetKind.FARM:
            return "the farm"
        if self.kind is TargetKind.SETTINGS:
            return "the settings"
        return f"{'job type' if self.kind is TargetKind.JOB_TYPE else self.kind.value} {self.name}"


FARM = Target(kind=TargetKind.FARM)
#: what a person can steer
STEERED = (TargetKind.FARM, TargetKind.SERVER, TargetKind.TAG, TargetKind.MINER, TargetKind.HOST, TargetKind.JOB_TYPE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """A pause or a drain in force."""

    target: Target
    action: Action
    since_ms: int
    #: None until it is resumed
    until_ms: int | None = None
    #: seconds for which paused miners keep their sessions by heartbeats; None for as long as they are paused
    stop_after_s: float | None = None
    who: str
    reason: str = ""
    source: Source = Source.OPERATOR

    @property
    def stops_at_ms(self) -> int | None:
        """When the sessions of paused miners are stopped; None if they are kept."""
        return None if self.stop_after_s is None else self.since_ms + round(self.stop_after_s * 1000)

    def ended(self, now_ms: int) -> bool:
        """Whether its time is over."""
        return self.until_ms is not None and self.until_ms <= now_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """One change: who, what, when, why."""

    #: rises with each entry; 0 before it is written
    number: int = 0
    at_ms: int
    change: ControlChange
    target: Target
    until_ms: int | None = None
    stop_after_s: float | None = None
    who: str
    reason: str = ""
    source: Source = Source.OPERATOR
