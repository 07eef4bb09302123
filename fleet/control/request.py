"""Decides what a requested pause, drain, resume or retry does to the controls in force, or refuses it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fleet.control.control import Action, Control, ControlChange, LogEntry, Source, Target, TargetKind
from fleet.control.ends import LONGEST_S, check_lasts
from fleet.control.in_force import Controls
from fleet.errors import ControlRefused
from tasks.text import sanitized

#: most characters of a reason, and of the name of who orders it
_REASON, _WHO = 200, 60
#: for how long a paused miner keeps its session unless told otherwise, in seconds: it lowers what the others are paid
STOP_AFTER_S = 600.0
#: targets that have waits which `retry` can end
_RETRIED = frozenset({TargetKind.FARM, TargetKind.SERVER, TargetKind.TAG, TargetKind.MINER})
#: targets that have something to finish; the farm's drain ends its coordinator and is not kept
_DRAINED = frozenset({TargetKind.FARM, TargetKind.SERVER, TargetKind.TAG, TargetKind.MINER, TargetKind.HOST})

#: targets that have no sessions, which a control could keep or stop
WITHOUT_SESSIONS = frozenset({TargetKind.HOST, TargetKind.JOB_TYPE})


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlRequest:
    """A change that somebody asks for. Times are UTC milliseconds."""

    change: ControlChange
    target: Target
    who: str
    reason: str = ""
    until_ms: int | None = None
    #: seconds until sessions of paused miners are stopped; None to keep them
    stop_after_s: float | None = STOP_AFTER_S
    source: Source = Source.OPERATOR
    #: whether it takes the place of a control that is in force
    replaces: bool = False

    def __post_init__(self) -> None:
        """Raises ControlRefused as `check_words` does."""
        check_words(self.who, self.reason)


@dataclass(frozen=True, kw_only=True, slots=True)
class Followed:
    """What a request does."""

    #: to be in force from now on
    begins: Control | None = None
    #: to be in force no longer
    ends: Control | None = None
    entry: LogEntry


def check_words(who: str, reason: str) -> None:
    """Raise ControlRefused for a text that is too long, or that a terminal would not show as it is, and for no name."""
    for what, text, most in (("reason", reason, _REASON), ("name of who orders it", who, _WHO)):
        if len(text) > most:
            raise ControlRefused(f"the {what} has {len(text)} characters; {most} are allowed")
        if sanitized(text) != text:
            raise ControlRefused(f"the {what} holds characters that can't be shown; write it on one line")
    if not who.strip():
        raise ControlRefused("nobody is named who orders it")


def usual_stop_after_s(kind: TargetKind) -> float:
    """How long paused miners keep their sessions unless told otherwise, in seconds: not at all at a paused server."""
    return 0.0 if kind is TargetKind.SERVER else STOP_AFTER_S


def decide(request: ControlRequest, controls: Controls, now_ms: int) -> Followed:
    """What a request does to the controls in force. Raises ControlRefused where it can't be followed."""
    match request.change:
        case ControlChange.PAUSE | ControlChange.DRAIN:
            return _begin(request, controls, now_ms)
        case ControlChange.RESUME | ControlChange.END:
            return _end(request, controls, now_ms)
        case ControlChange.RETRY:
            if request.target.kind not in _RETRIED:
                raise ControlRefused(f"{request.target.shown} waits for nothing that a retry could end; retry a miner")
            return Followed(entry=_entry(request, now_ms))
        case ControlChange.RELOAD | ControlChange.CREATE | ControlChange.REVOKE:
            raise ValueError(f"{request.change.value} is recorded where it happens, and never asked for")


def _begin(request: ControlRequest, controls: Controls, now_ms: int) -> Followed:
    target, drains = request.target, request.change is ControlChange.DRAIN
    if drains and target.kind not in _DRAINED:
        raise ControlRefused("a job type has nothing to finish; pause it instead")
    _check_times(request, now_ms)
    if drains and target.kind is TargetKind.FARM:
        if request.until_ms is not None:
            raise ControlRefused("the farm's drain ends its coordinator, so it has no end; pause the farm instead")
        return Followed(entry=_entry(request, now_ms))
    known = controls.get(target, request.source)
    if known is not None and not request.replaces:
        state = "paused" if known.action is Action.PAUSE else "drained"
        raise ControlRefused(
            f"{target.shown} is already {state} by {known.who}{f': {known.reason}' if known.reason else ''}; "
            "resume it first, or add --replace"
        )
    control = Control(
        target=target,
        action=Action.DRAIN if drains else Action.PAUSE,
        since_ms=now_ms,
        until_ms=request.until_ms,
        stop_after_s=_stop_after_s(request),
        who=request.who,
        reason=request.reason,
        source=request.source,
    )
    return Followed(begins=control, ends=known, entry=_entry(request, now_ms, control))


def _check_times(request: ControlRequest, now_ms: int) -> None:
    if request.until_ms is not None and request.until_ms <= now_ms:
        raise ControlRefused("the end is in the past; name a later time")
    if request.until_ms is not None:
        check_lasts((request.until_ms - now_ms) / 1000)
    if request.stop_after_s is not None and not request.stop_after_s <= LONGEST_S:
        raise ControlRefused("the sessions would be kept for over ten years; keep them for as long as the pause lasts")


def _stop_after_s(request: ControlRequest) -> float | None:
    if request.target.kind in WITHOUT_SESSIONS:
        return None
    return 0.0 if request.change is ControlChange.DRAIN else request.stop_after_s


def _end(request: ControlRequest, controls: Controls, now_ms: int) -> Followed:
    known = controls.get(request.target, request.source)
    if known is None:
        raise ControlRefused(_not_paused(request, controls))
    return Followed(ends=known, entry=_entry(request, now_ms))


def _not_paused(request: ControlRequest, controls: Controls) -> str:
    scheduled = controls.get(request.target, Source.SCHEDULE)
    if scheduled is not None:
        return (
            f"{request.target.shown} is paused by {scheduled.who} alone: {scheduled.reason}; "
            "the schedule resumes it by itself; to mine before that, change [schedule] in the settings and restart the "
            "coordinator"
        )
    return f"{request.target.shown} is not paused; {_there(controls)}"


def _there(controls: Controls) -> str:
    names = [one.target.shown for one in controls]
    return f"paused are: {', '.join(names)}" if names else "nothing is"


def _entry(request: ControlRequest, now_ms: int, control: Control | None = None) -> LogEntry:
    return LogEntry(
        at_ms=now_ms,
        change=request.change,
        target=request.target,
        until_ms=None if control is None else control.until_ms,
        stop_after_s=None if control is None else control.stop_after_s,
        who=request.who,
        reason=request.reason,
        source=request.source,
    )


def retried(entries: Iterable[LogEntry]) -> tuple[Target, ...]:
    """The targets whose waits are to end."""
    return tuple(entry.target for entry in entries if entry.change is ControlChange.RETRY)
