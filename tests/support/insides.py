"""What only tests look at inside of a miner."""

from __future__ import annotations

from fleet.miner.job import Work
from fleet.miner.miner import Miner
from fleet.miner.session import Session


def open_work(miner: Miner) -> dict[str, Work]:
    """The miner's open jobs, by job id."""
    return miner._workload.jobs


def running_session(miner: Miner) -> Session | None:
    """The miner's session, None between sessions."""
    return miner._workload.session
