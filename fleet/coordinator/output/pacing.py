"""Limits the rate of the running output: lines about single jobs are summed up, repeated problems share a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from fleet.coordinator.output.lines import Lines
from fleet.domain.amounts import ZERO
from fleet.domain.effects import Notice, NoticeKind
from fleet.money.readable import gained

_ROLLUP_S = 1.0
#: problems of the same kind within this many seconds share one line
_TROUBLE_S = 10.0
_MOST_TROUBLES = 1000


class PacedLines:
    """Prints lines about jobs and problems, at most `job_lines_per_s` of each kind of job line."""

    def __init__(self, lines: Lines, *, job_lines_per_s: int, clock: Callable[[], float]) -> None:
        self._lines = lines
        self.job_lines_per_s = job_lines_per_s
        self._clock = clock
        self._second = clock()
        #: number of lines of each kind in this second, shown or not
        self._seen: Counter[str] = Counter()
        #: whether the last second exceeded the limit, so that this whole second is summed up
        self._flooded = False
        self._held: Counter[str] = Counter()
        self._held_nnet = ZERO
        #: when each problem was last printed, and how often it was held back since
        self._troubles: dict[str, tuple[float, int]] = {}

    def job(self, text: str, notice: Notice, style: str = "") -> None:
        """Print a line about a job, or hold it back for the sum of this second."""
        kind = notice.kind.value
        self._seen[kind] += 1
        if not self._flooded and self._seen[kind] <= self.job_lines_per_s:
            self._lines.say(text, style)
            return
        self._held[kind] += 1
        if notice.kind in {NoticeKind.REWARD, NoticeKind.INCOME}:
            self._held_nnet += notice.amount or ZERO

    def trouble(self, text: str, place: str = "") -> None:
        """Print a problem, and the miner or job that has it; hold it back if it was printed a moment ago."""
        now = self._clock()
        said_at, held = self._troubles.get(text, (float("-inf"), 0))
        if now - said_at < _TROUBLE_S:
            self._troubles[text] = (said_at, held + 1)
            return
        more = f"  (and {held} more like it)" if held else ""
        if len(self._troubles) > _MOST_TROUBLES:
            self._troubles.clear()
        self._troubles[text] = (now, 0)
        self._lines.say(f"{text}  [{place}]{more}" if place else f"{text}{more}", "yellow")

    def flush(self, now: float, farm_total: str) -> None:
        """Once a second, print the sum of the job lines that were held back."""
        if now - self._second < _ROLLUP_S:
            return
        if self._held:
            parts = " · ".join(f"{count} × {kind}" for kind, count in sorted(self._held.items()))
            money = f" · {gained(self._held_nnet)} NNET · farm {farm_total} (ledger)" if self._held_nnet else ""
            self._lines.say(f"[SUM]    {parts}{money}", "green")
        self._held.clear()
        self._held_nnet = ZERO
        self._flooded = max(self._seen.values(), default=0) > self.job_lines_per_s
        self._seen.clear()
        self._second = now
