"""What was paid in the last hour, day and month, read from the ledger bit by bit beside mining.

A step of the past that is over is read once. The thread that reads rests most of the time, since it shares Python's
lock and the core with the coordinator's loop.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.errors import LedgerError
from fleet.ledger.reports.history import MINUTE_MS, Paid
from fleet.threads import Progress, WatchedThread
from fleet.web.spans import DAY, HOUR, MONTH, SPANS, PaidStep, Span

#: the share of the time that reading takes at most, until a span is read and once it is
_FIRST_SHARE, _SHARE = 0.1, 0.01
#: seconds after which nobody is thought to look at a span any more
_WANTED_S = 30.0
#: milliseconds after its end for which a step is still read again, since entries are dated before they are committed
_LATE_MS = 60_000
#: seconds between two readings of the steps that still grow
_IDLE_S, _PATIENCE_S = 5.0, 600.0
#: longest rest after a reading, in seconds
_REST_S = 120.0

#: reads payments from a moment to before another, in UTC milliseconds; each row's time is a minute
PaidReader = Callable[[int, int], list[Paid]]


@dataclass(slots=True)
class _Known:
    steps: dict[int, PaidStep] = field(default_factory=dict)
    #: steps that are not read again
    final: set[int] = field(default_factory=set)
    asked_at: float = float("-inf")
    due_at: float = float("-inf")


class Past:
    """The payments of each span as far as they are read. `of` never waits."""

    def __init__(
        self,
        minutes: PaidReader,
        hours: PaidReader,
        now_ms: Callable[[], int],
        clock: Callable[[], float],
        calendar: Calendar,
    ) -> None:
        """`hours` may give an hour's payments as one of its minute; `clock` gives monotonic seconds.

        Days are those of the calendar.
        """
        self.calendar = calendar
        self._readers = {HOUR.name: minutes, DAY.name: hours, MONTH.name: hours}
        self._now_ms, self._clock = now_ms, clock
        self._known = {span.name: _Known() for span in SPANS}
        self._wanted, self._closed = threading.Event(), threading.Event()
        self._problem = ""
        self._thread: WatchedThread | None = None

    def start(self) -> None:
        """Start the thread that reads."""
        self._thread = WatchedThread("history", self._run, patience_s=_PATIENCE_S)
        self._thread.start()

    def of(self, span: Span) -> list[PaidStep | None]:
        """The steps of a span, oldest first, None for one that is not read yet."""
        known = self._known[span.name]
        known.asked_at = self._clock()
        self._wanted.set()
        first = span.first(self._now_ms(), self.calendar)
        return [known.steps.get(number) for number in range(first, first + span.steps)]

    @property
    def problem(self) -> str:
        """Why the ledger could not be read at the last try; empty if it could."""
        if self._thread is not None and not self._thread.is_alive():
            return f"the thread that reads it ended {self._thread.ending}"
        return self._problem

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, progress: Progress) -> None:
        while not self._closed.is_set():
            progress.beat()
            self._wanted.clear()
            spent_s = self.look()
            if spent_s:
                self._closed.wait(min(spent_s / _FIRST_SHARE, _REST_S))
            else:
                self._wanted.wait(_IDLE_S)

    def look(self) -> float:
        """Read a few steps of a span that is looked at. Returns the seconds that it took, 0 if none was due."""
        now = self._clock()
        for span in SPANS:
            known = self._known[span.name]
            if now - known.asked_at <= _WANTED_S and now >= known.due_at:
                try:
                    self._read(span, known, now)
                except LedgerError as exc:
                    self._problem, known.due_at = str(exc), now + span.every_s
                else:
                    self._problem = ""
                return max(self._clock() - now, 1e-3)
        return 0.0

    def _read(self, span: Span, known: _Known, now: float) -> None:
        now_ms = self._now_ms()
        first = span.first(now_ms, self.calendar)
        places = range(first, first + span.steps)
        known.steps = {number: step for number, step in known.steps.items() if number in places}
        known.final &= known.steps.keys()
        chunks = list(_chunks([number for number in places if number not in known.final], span.at_once))
        # the newest is read first; it is read again with the next look, so that the last one completes the span
        unread = [chunk for chunk in chunks if any(number not in known.steps for number in chunk)]
        low, high = (unread or chunks)[-1][0], (unread or chunks)[-1][-1] + 1
        starts = [span.start_ms(number, self.calendar) for number in range(low, high + 1)]
        numbered = [
            (span.number(row.at * MINUTE_MS, self.calendar), row)
            for row in self._readers[span.name](starts[0], starts[-1])
        ]
        known.steps |= _summed(numbered, range(low, high), now_ms)
        known.final |= {low + place for place, end_ms in enumerate(starts[1:]) if end_ms + _LATE_MS < now_ms}
        if len(unread) <= 1:
            # reading takes its share at most, however long a ledger is
            known.due_at = now + max(span.every_s, (self._clock() - now) / _SHARE)


def _chunks(numbers: list[int], most: int) -> Iterator[list[int]]:
    """Runs of consecutive numbers, each of at most `most`."""
    chunk: list[int] = []
    for number in numbers:
        if chunk and (number != chunk[-1] + 1 or len(chunk) == most):
            yield chunk
            chunk = []
        chunk.append(number)
    if chunk:
        yield chunk


def _summed(rows: list[tuple[int, Paid]], places: range, read_ms: int) -> dict[int, PaidStep]:
    """The steps of `places`, read at `read_ms`; each row has the number of its step."""
    miners: dict[int, dict[str, Decimal]] = {number: defaultdict(lambda: ZERO) for number in places}
    servers: dict[int, dict[str, Decimal]] = {number: defaultdict(lambda: ZERO) for number in places}
    jobs = dict.fromkeys(places, 0)
    for number, row in rows:
        if number in places:
            miners[number][row.miner] += row.amount
            servers[number][row.server] += row.amount
            jobs[number] += row.jobs
    return {
        number: PaidStep(miners=dict(miners[number]), servers=dict(servers[number]), jobs=jobs[number], read_ms=read_ms)
        for number in places
    }
