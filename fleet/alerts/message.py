"""The text of an alert: what is wrong now, what is over, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleet.alerts.memory import Raised
from fleet.domain.calendar import Calendar
from fleet.status.snapshot import Severity, Wrong
from fleet.status.wording import cost, moment
from tasks.text import sanitized

#: most conditions that a message lists
_MOST = 20
_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message, and what it announces."""

    title: str
    body: str
    raised: tuple[Raised, ...] = ()
    over: tuple[Raised, ...] = ()


def message_of(farm: str, new: Sequence[Wrong], over: Sequence[Raised], now_ms: int, calendar: Calendar) -> Message:
    """The message that announces what is new and what is over; its times are those of the calendar."""
    lines = [line for one in new[:_MOST] for line in _raised(one, calendar)]
    lines += [f"and {len(new) - _MOST} more: see `fleet status`"] if len(new) > _MOST else []
    lines += [f"over after {_span(now_ms - one.since_ms)}: {one.text}" for one in over[:_MOST]]
    lines += [f"and {len(over) - _MOST} more are over"] if len(over) > _MOST else []
    raised = tuple(Raised(kind=one.kind, subject=one.subject, text=one.text, since_ms=one.since_ms) for one in new)
    # a line break in a title would be a header of a mail
    title, body = sanitized(f"{farm}: {_title(new, over)}"), "\n".join(map(sanitized, lines))
    return Message(title=title, body=body, raised=raised, over=tuple(over))


def _title(new: Sequence[Wrong], over: Sequence[Raised]) -> str:
    if not new:
        return over[0].text.rstrip(".") + " – over" if len(over) == 1 else f"{len(over)} troubles are over"
    if len(new) == 1:
        return new[0].text.rstrip(".")
    fails = sum(one.severity is Severity.FAIL for one in new)
    return f"{len(new)} new troubles" + (f", {fails} of them stop something" if fails else "")


def _raised(one: Wrong, calendar: Calendar) -> list[str]:
    return [f"{one.text} (since {moment(one.since_ms, calendar)}{cost(one.nnet_per_day)})", f"→ {one.help}"]


def _span(ms: int) -> str:
    seconds = max(ms // 1000, 0)
    for unit_s, name in _SPANS:
        if seconds >= unit_s:
            return f"{seconds // unit_s} {name}"
    return "0 s"
