"""Running figures of a run: jobs by outcome, earnings, and how long a job takes besides its kernel."""

from __future__ import annotations

import statistics
from collections import Counter, deque
from dataclasses import dataclass, field
from decimal import Decimal

from fleet.domain.amounts import ZERO

_MAX_LATENCIES = 100_000


@dataclass(kw_only=True, slots=True)
class RunTally:
    """Figures of a run. Payments include earlier starts in the same run; all other figures are of this start."""

    computed: int = 0
    paid: int = 0
    lost: int = 0
    anomalies: int = 0
    earned: Decimal = ZERO
    overheads_ms: deque[float] = field(default_factory=lambda: deque(maxlen=_MAX_LATENCIES))
    job_types: Counter[str] = field(default_factory=Counter)

    def percentile(self, percent: float) -> float | None:
        """Overhead in ms: the time from a job's fetch to its submission less the kernel; None below two samples."""
        if len(self.overheads_ms) < 2:
            return None
        cuts = statistics.quantiles(self.overheads_ms, n=100, method="inclusive")
        return round(cuts[int(percent) - 1], 3)
