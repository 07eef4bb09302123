"""A server's answers, parsed. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fleet.domain.jobs import Job


@dataclass(frozen=True, kw_only=True, slots=True)
class GasInfo:
    """Network fees, shown to the operator."""

    fee_model: str
    neo_transfer_fee: float | None
    token_transfer_fee: float | None
    congestion_level: str
    active_providers: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkPhase:
    """How far the network is decentralized. Loads are in percent."""

    phase: str
    active_miners: int | None
    server_load: float | None
    miner_load: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RewardTerms:
    """A server's rule for rewards as it states it: a job pays its weight times a miner's share of the budget, in NNET.

    Floats, since nothing is booked by them.
    """

    budget: float
    #: least and most that a miner's share can be
    floor: float
    cap: float
    #: miners that the budget is divided among now; None if not stated
    active_miners: int | None = None

    def share(self, active: float) -> float:
        """A miner's share among `active` miners."""
        return min(max(self.budget / max(active, 1.0), self.floor), self.cap)


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The server's statement of everything that it has paid one miner."""

    total_rewards: Decimal
    #: jobs that the server has counted for the miner, None if not stated
    total_jobs: int | None = None
    #: when the server created this record of the miner, in Unix seconds; None if not stated
    registered_at: int | None = None
    #: NNET in the miner's wallet, None if not stated
    balance: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """The server knows the contributor."""

    #: False if the contributor was already known
    new: bool
    #: what the server has paid the contributor so far, None if not stated
    totals: Totals | None = None
    #: why the stated totals are left out, empty if they are not
    oddity: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionStart:
    """A session was started, or was already running."""

    session_id: str
    #: True if it was running before this call
    adopted: bool
    initial_job: Job | None
    #: malformed parts that were left out of the answer
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The server's answer to a submission."""

    accepted: bool
    #: NNET paid; zero unless accepted
    reward: Decimal
    #: NNET that the server has paid this miner in all, None if not stated
    total_rewards: Decimal | None = None
    #: NNET in the miner's wallet, None if not stated
    balance: Decimal | None = None
    #: the server's words if the submission was not accepted
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeartbeatAnswer:
    """A heartbeat's answer. A field is None if the release does not state it."""

    #: NNET paid for this heartbeat
    reward: Decimal | None = None
    #: NNET that the server counts for the whole session
    rewards_earned: Decimal | None = None
    #: NNET that the server has paid this miner in all
    total_rewards: Decimal | None = None
    next_job: Job | None = None
    anomalies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSummary:
    """The server's figures at the end of a session."""

    tasks_completed: int | None = None
    rewards_earned: Decimal | None = None
    #: why the stated figures are left out, empty if they are not
    oddity: str = ""
