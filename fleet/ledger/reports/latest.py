"""The newest paid jobs of a ledger: of the whole farm, of one miner, or of one host."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fleet.domain.amounts import EntryKind
from fleet.domain.miner_names import IdHider
from fleet.ledger.column_types import unpacked
from fleet.ledger.reports.sqlite_reader import fetch_all
from fleet.ledger.storage.places import LedgerPlace
from tasks.host.host_names import host_of

#: entries among which a host's are looked for, since the ledger has no index by host
_AMONG = 2_000
_MINERS = "SELECT miners.id, miners.miner_id, miners.name FROM miners JOIN servers ON servers.id = miners.server"
_JOBS = """
    SELECT entries.miner, job_id, job_type, worker, amount, confirmed, booked_at, seq
    FROM entries WHERE {condition} ORDER BY entries.id DESC LIMIT {most}
"""
_IS_JOB = f"kind = '{EntryKind.JOB.value}'"


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidJob:
    """A job that was paid."""

    #: number of its entry in the server's chain
    entry: int
    job_id: str
    job_type: str
    #: names
    miner: str
    host: str
    #: NNET
    amount: Decimal
    #: whether the server confirmed the amount
    confirmed: bool
    #: UTC milliseconds
    booked_ms: int


def latest_jobs(place: LedgerPlace, most: int, *, miner: str | None = None, host: str | None = None) -> list[PaidJob]:
    """The newest `most` paid jobs, newest first, of the miner and of the host of these names if they are given.

    Jobs of a host are found among the farm's last 2,000. Raises LedgerError when the ledger can't be read.
    """
    rows = fetch_all(place, _MINERS)
    names, hide = {row: name for row, _, name in rows}, IdHider({miner_id: name for _, miner_id, name in rows})
    condition = _IS_JOB
    if miner is not None:
        own = ", ".join(str(int(row)) for row, name in names.items() if name == miner)
        if not own:
            return []
        condition = f"{_IS_JOB} AND miner IN ({own})"
    found = fetch_all(place, _JOBS.format(condition=condition, most=most if host is None else _AMONG))
    jobs = (_paid_job(row, names, hide) for row in found)
    return [job for job in jobs if host is None or job.host == host][:most]


def _paid_job(row: tuple[Any, ...], names: dict[int, str], hide: IdHider) -> PaidJob:
    miner, job_id, job_type, worker, amount, confirmed, booked_ms, entry = row
    return PaidJob(
        entry=entry or 0,
        job_id=hide(unpacked(job_id or "")),
        job_type=hide(job_type),
        miner=names[miner],
        host=hide(host_of(worker or "")),
        amount=Decimal(amount),
        confirmed=bool(confirmed),
        booked_ms=booked_ms,
    )
