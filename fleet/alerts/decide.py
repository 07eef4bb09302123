"""Decides what to send and when: each condition once when it begins and once when it is over, several in one message.

A machine of snapshots; the clock is passed in. What is drafted counts as sent only when `sent` says so, and what comes
and goes before its message is never sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fleet.alerts.memory import Memory, Raised
from fleet.alerts.message import Message, message_of
from fleet.alerts.schedule import Quiet
from fleet.domain.calendar import Calendar
from fleet.status.snapshot import Severity, Wrong

_HOUR_MS = 3_600_000
#: milliseconds after the start in which no condition raised before it can end, since the usual pace is learnt again
_SETTLED_MS = 300_000
#: milliseconds between two tries to send, doubled with each up to an hour
_AGAIN_MS = 30_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """When to send alerts."""

    #: the least severity that is sent
    least: Severity = Severity.WARN
    #: milliseconds that changes are collected before they are sent
    group_ms: int = 20_000
    most_per_hour: int = 6
    quiet: Quiet = field(default_factory=Quiet)
    #: the minute of the day at which the daily report is due; None for no report
    daily_at: int | None = None


class AlertDecider:
    """Follows what is wrong, and drafts messages."""

    def __init__(self, rules: Rules, calendar: Calendar, memory: Memory, *, farm: str, now_ms: int) -> None:
        """`farm` names the farm in the titles."""
        self._rules, self._calendar, self._farm = rules, calendar, farm
        self.memory = memory
        self._started_ms = now_ms
        #: what was raised before this start
        self._before = set(memory.raised)
        self._changed_ms: int | None = None
        self._failures, self._again_ms = 0, 0

    def draft(self, wrong: Sequence[Wrong], now_ms: int) -> Message | None:
        """The message that is due, or None. Call `sent` or `failed` with it."""
        new, over = self._changes(wrong, now_ms)
        if not (new or over):
            self._changed_ms = None
            return None
        if self._changed_ms is None or self._changed_ms > now_ms:
            self._changed_ms = now_ms
        due = now_ms - self._changed_ms >= self._rules.group_ms and now_ms >= self._again_ms
        if not due or self._rules.quiet.holds(self._calendar.local(now_ms)) or self._spent(now_ms):
            return None
        return message_of(self._farm, new, over, now_ms, self._calendar)

    def sent(self, message: Message, now_ms: int) -> None:
        """A message was delivered."""
        for one in message.raised:
            self.memory.raised[one.kind, one.subject] = one
            self._before.discard((one.kind, one.subject))
        for one in message.over:
            self.memory.raised.pop((one.kind, one.subject), None)
            self._before.discard((one.kind, one.subject))
        self.memory.sent_at_ms.append(now_ms)
        self._changed_ms, self._failures, self._again_ms = None, 0, 0

    def failed(self, now_ms: int) -> None:
        """A message was not delivered; what is then wrong is tried again later."""
        self._again_ms = now_ms + min(_AGAIN_MS * 2**self._failures, _HOUR_MS)
        self._failures = min(self._failures + 1, 10)

    def report_due(self, now_ms: int) -> str | None:
        """The day whose report is due, in ISO 8601, or None. Call `reported` once it was sent."""
        at = self._rules.daily_at
        local = self._calendar.local(now_ms)
        today = local.date().isoformat()
        if at is None or self.memory.reported == today or local.hour * 60 + local.minute < at:
            return None
        if not self.memory.reported:
            # the first start of all is no reason for a report of a day on which nothing ran
            self.memory.reported = today
            return None
        return today if now_ms >= self._again_ms else None

    def reported(self, day: str) -> None:
        """The report of a day was delivered."""
        self.memory.reported = day

    def _changes(self, wrong: Sequence[Wrong], now_ms: int) -> tuple[list[Wrong], list[Raised]]:
        grave = {
            (one.kind, one.subject): one
            for one in wrong
            if one.severity is Severity.FAIL or self._rules.least is Severity.WARN
        }
        new = [one for key, one in grave.items() if key not in self.memory.raised]
        settled = now_ms - self._started_ms >= _SETTLED_MS
        over = [
            one for key, one in self.memory.raised.items() if key not in grave and (settled or key not in self._before)
        ]
        return new, over

    def _spent(self, now_ms: int) -> bool:
        """Whether the hour has had its messages. A clock that was set back forgets those of the future."""
        self.memory.sent_at_ms = [at for at in self.memory.sent_at_ms if now_ms - _HOUR_MS < at <= now_ms]
        return len(self.memory.sent_at_ms) >= self._rules.most_per_hour
