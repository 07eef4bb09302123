"""Controls in words, as every screen shows them."""

from __future__ import annotations

from datetime import timedelta

from fleet.control.control import Action, Control, ControlChange, LogEntry, TargetKind
from fleet.control.request import Followed
from fleet.domain.calendar import Calendar

_DAY = timedelta(days=1)
#: how near a time is to be shown with its seconds
_NEAR = timedelta(minutes=10)
_STATES = {Action.PAUSE: "paused", Action.DRAIN: "drained"}
#: what follows from a job type's pause
_TYPE = (
    "The server chooses each job's type, so a miner that is given one of this type waits with it until it is resumed, "
    "and a job that came without a fetch until its deadline; other miners mine on."
)
_HOST = {
    Action.PAUSE: "Its workers finish what they compute, and take nothing more.",
    Action.DRAIN: (
        "Its workers finish what they compute, then end with exit code 0. One that is started again takes nothing."
    ),
}


def said(control: Control, calendar: Calendar, now_ms: int) -> str:
    """A control without its target: `paused until 06:00 by alex: night tariff`."""
    until = "" if control.until_ms is None else f" until {moment(control.until_ms, calendar, now_ms)}"
    return f"{_STATES[control.action]}{until} by {control.who}{f': {control.reason}' if control.reason else ''}"


def moment(at_ms: int, calendar: Calendar, now_ms: int) -> str:
    """A time of day in the operator's zone, with its date if it is not within a day, with its seconds if it is near."""
    at, now = calendar.local(at_ms), calendar.local(now_ms)
    seconds = f"{at:%H:%M:%S}" if at.second and abs(at - now) < _NEAR else f"{at:%H:%M}"
    return seconds if timedelta() <= at - now < _DAY else f"{at:%Y-%m-%d} {seconds}"


def announced(outcome: Followed, calendar: Calendar, now_ms: int, *, runs: bool) -> tuple[str, ...]:
    """Lines for whoever asked: what is so now, and what follows from it."""
    entry, control = outcome.entry, outcome.begins
    later = () if runs else ("No coordinator runs now; the next start follows this.",)
    if control is not None:
        return (f"{control.target.shown} is {said(control, calendar, now_ms)}", consequence(control), *later)
    if entry.change is ControlChange.DRAIN:
        return ("the farm drains: it finishes its jobs, stops its sessions and ends, as by Ctrl-C",)
    if entry.change is ControlChange.RETRY:
        return (f"{entry.target.shown} tries again now; waits that the server ordered go on",)
    return (f"{entry.target.shown} is resumed", *later)


def logged(entry: LogEntry, calendar: Calendar, now_ms: int) -> str:
    """What an entry of the log records: `paused until 06:00`."""
    words = {
        ControlChange.PAUSE: "paused",
        ControlChange.DRAIN: "drained",
        ControlChange.RESUME: "resumed",
        ControlChange.RETRY: "tried again",
        ControlChange.END: "resumed, since the time was over",
        ControlChange.RELOAD: f"taken over: {entry.target.name}",
        ControlChange.CREATE: "made",
        ControlChange.REVOKE: "revoked",
    }[entry.change]
    return words if entry.until_ms is None else f"{words} until {moment(entry.until_ms, calendar, now_ms)}"


def consequence(control: Control) -> str:
    """What follows from a new control, in a sentence."""
    kind = control.target.kind
    if kind is TargetKind.JOB_TYPE:
        return _TYPE
    if kind is TargetKind.HOST:
        return _HOST[control.action]
    one = kind is TargetKind.MINER
    finishes = "The miner finishes its job" if one else "Its miners finish their jobs"
    keeps = "keeps its session" if one else "keep their sessions"
    stops = "stops" if one else "stop"
    if control.stop_after_s is None:
        return f"{finishes} and {keeps} by heartbeats; an idle session lowers what others are paid."
    if not control.stop_after_s:
        return f"{finishes} and {stops} {'its session' if one else 'their sessions'}."
    return f"{finishes}, {keeps} for {lasting(control.stop_after_s)}, then {stops} {'it' if one else 'them'}."


def lasting(seconds: float) -> str:
    """A duration in words: `10 min`, `2 h`, `90 s`."""
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:g} s"
