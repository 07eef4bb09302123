"""A miner whose first total comes late, and what the server states of it."""

from __future__ import annotations

from decimal import Decimal

from fleet.domain.answers import Registration, Totals
from fleet.domain.jobs import MinerSpec

SPEC = MinerSpec(miner_id="rig-1")
BONUS, REWARD = Decimal("0.045"), Decimal("0.5")
#: what the registration of a known contributor says when no sense can be made of its total
UNTOLD = Registration(new=False, oddity="total_rewards Infinity is not an amount of NNET")
RECORD = 1_790_000_000


def stated(nnet: Decimal, jobs: int | None, record: int | None = RECORD) -> Totals:
    return Totals(total_rewards=nnet, total_jobs=jobs, registered_at=record)
