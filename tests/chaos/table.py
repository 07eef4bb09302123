"""The table of a run: one row per fault, with its cost and the time of recovery."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.chaos.verdict import Verdict

_HEADS = (
    "fault",
    "what",
    "trials",
    "jobs",
    "lost",
    "computed twice",
    "submitted twice",
    "sent again, outcome unknown",
    "difference NNET",
    "recovery median s",
    "worst s",
    "healthy pace",
    "note",
)


@dataclass(kw_only=True, slots=True)
class Row:
    """One fault."""

    fault: str
    what: str
    trials: int = 0
    jobs: int = 0
    lost: int = 0
    computed_twice: int = 0
    sent_twice: int = 0
    sent_again: int = 0
    difference: Decimal = Decimal(0)
    #: seconds that each trial took to recover
    recoveries: list[float] = field(default_factory=list)
    #: pace of the miners that the fault does not concern, relative to their pace without it
    pace: float | None = None
    note: str = ""
    #: what went wrong, in sentences
    flaws: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Add a verdict on a drained farm."""
        self.jobs += verdict.jobs
        self.lost += len(verdict.lost)
        self.computed_twice += verdict.computed_twice
        self.sent_twice += len(verdict.sent_twice)
        self.sent_again += verdict.sent_again
        self.difference += verdict.difference
        self.flaws += [*verdict.lost[:5], *(f"sent twice: {job}" for job in verdict.sent_twice[:5])]
        if verdict.difference:
            self.flaws.append(f"the book and the ledger differ by {verdict.difference} NNET")

    def recovered(self, seconds: float | None, flaw: str) -> None:
        """Count a trial. `seconds` is None if it did not recover, for the reason `flaw`."""
        self.trials += 1
        if seconds is None:
            self.flaws.append(flaw)
        else:
            self.recoveries.append(seconds)

    def cells(self) -> tuple[str, ...]:
        """The cells of the row in the table."""
        times = self.recoveries
        return (
            self.fault,
            self.what,
            str(self.trials),
            str(self.jobs),
            str(self.lost),
            str(self.computed_twice),
            str(self.sent_twice),
            str(self.sent_again),
            f"{self.difference:f}",
            f"{statistics.median(times):.2f}" if times else "",
            f"{max(times):.2f}" if times else "",
            "" if self.pace is None else f"{self.pace:.2f}",
            self.note,
        )

    def stated(self) -> dict[str, Any]:
        """As JSON."""
        names = ("fault", "what", "trials", "jobs", "lost", "computed_twice", "sent_twice", "sent_again")
        rest = {"difference_nnet": f"{self.difference:f}", "recoveries_s": [round(time, 3) for time in self.recoveries]}
        more = {"pace": self.pace, "note": self.note, "flaws": self.flaws}
        return {**{name: getattr(self, name) for name in names}, **rest, **more}


def markdown(rows: Sequence[Row]) -> str:
    """The table, and below it the highest rate of failure that its trials leave possible."""
    lines = ["| " + " | ".join(_HEADS) + " |", "|" + "---|" * len(_HEADS)]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    clean = sum(row.trials for row in rows if not row.flaws)
    if clean:
        lines.append(f"No failure in {clean} trials: with 95 % confidence fewer than {_bound(clean)} of them fail.")
        fewest = min((row.trials, row.fault) for row in rows if row.trials and not row.flaws)
        lines.append(
            f"The bound of one row is 3/n of its own trials: {_bound(fewest[0])} for {fewest[1]}, which has fewest."
        )
    return "\n".join([*lines, *(f"- {row.fault}: {flaw}" for row in rows for flaw in row.flaws)])


def _bound(trials: int) -> str:
    """The highest rate of failure with 95 % confidence, after `trials` without a failure."""
    return f"{min(3 / trials, 1):.3g}"


def save(rows: Sequence[Row], path: Path, *, seed: int, seconds: float) -> None:
    """Write the rows as JSON, with seed, date and machine."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    stated = {
        "seed": seed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {system}",
        "seconds": round(seconds, 1),
        "rows": [row.stated() for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
