"""Where the figures of a farm's pages come from: its snapshot, its past, and its ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fleet.control.control import LogEntry
from fleet.health.reasons import LostToday
from fleet.ledger.reports.job_history import Life, Match
from fleet.ledger.reports.latest import PaidJob
from fleet.status.snapshot import FarmSnapshot
from fleet.web.past import Past
from fleet.web.views import Ended


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerReader:
    """What the pages read of a ledger beside mining. Each raises LedgerError."""

    #: the newest paid jobs: how many, of which miner, of which host
    jobs: Callable[[int, str | None, str | None], list[PaidJob]]
    #: a job's histories, or the jobs whose ids begin so
    job: Callable[[str], tuple[list[Life], list[Match]]]
    #: the last changes of what is paused, as many as asked for
    changes: Callable[[int], tuple[LogEntry, ...]]
    #: what each miner lost in the last day
    lost: Callable[[], list[LostToday]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FarmSources:
    """Where the pages' figures come from."""

    server: str
    simulated: bool
    #: the newest snapshot; None before the first
    latest: Callable[[], FarmSnapshot | None]
    #: jobs that ended since the coordinator's start, by outcome and type
    ended: Callable[[], Ended]
    past: Past
    ledger: LedgerReader
    #: UTC milliseconds, and monotonic seconds
    now_ms: Callable[[], int]
    clock: Callable[[], float]
