"""Pairs the start of each job with its end, and states both as one span. Pure; times are Unix nanoseconds.

A span says what a trace is searched by, and holds no id: whoever knows a miner's id can spend its money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.amounts import ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSpan:
    """One job that ended."""

    started_ns: int
    ended_ns: int
    job_type: str
    miner: str
    #: the host that computed it last; empty if none did
    host: str
    #: its final state, a value of `fleet.domain.jobs.JobState`
    outcome: str
    amount: Decimal
    #: whether it was paid, which a trace shows as its status
    paid: bool

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the span states; the amount as text, which keeps all its digits."""
        stated = {
            "neonet.job_type": self.job_type,
            "neonet.miner": self.miner,
            "neonet.host": self.host,
            "neonet.outcome": self.outcome,
            "neonet.amount_nnet": str(self.amount),
        }
        return {name: value for name, value in stated.items() if value}


@dataclass(slots=True)
class _Open:
    started_ns: int
    job_type: str
    miner: str
    host: str = ""


class JobSpans:
    """The jobs under way. A job that an earlier coordinator opened has no span, since its start is not known."""

    def __init__(self, put: Callable[[JobSpan], None]) -> None:
        self._put = put
        self._open: dict[str, _Open] = {}

    @property
    def under_way(self) -> int:
        """The number of jobs that have begun and not ended."""
        return len(self._open)

    def opened(self, job_id: str, *, job_type: str, miner: str, at_ns: int) -> None:
        """A job was assigned, or the server hands it out again."""
        self._open[job_id] = _Open(at_ns, job_type, miner)

    def computed(self, job_id: str, host: str) -> None:
        """A worker ended an attempt at a job."""
        job = self._open.get(job_id)
        if job is not None:
            job.host = host

    def ended(self, job_id: str, outcome: str, amount: Decimal | None, at_ns: int) -> None:
        """A job reached its final state; `amount` is what was booked for it, None if nothing was."""
        job = self._open.pop(job_id, None)
        if job is not None:
            self._put(
                JobSpan(
                    started_ns=job.started_ns,
                    ended_ns=max(at_ns, job.started_ns),
                    job_type=job.job_type,
                    miner=job.miner,
                    host=job.host,
                    outcome=outcome,
                    amount=amount or ZERO,
                    paid=amount is not None,
                )
            )
