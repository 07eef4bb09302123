"""Parts of a miner's state that only tests look at."""

from __future__ import annotations

from fleet.miner.job import ActiveJob
from fleet.miner.miner import Miner
from fleet.miner.session import Session


def active_jobs(miner: Miner) -> dict[str, ActiveJob]:
    """The miner's open jobs, by job id."""
    return miner._workload.jobs


def running_session(miner: Miner) -> Session | None:
    """The miner's session, None between sessions."""
    return miner._workload.session
