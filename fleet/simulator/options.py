"""The options of a simulator."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from fleet.simulator.dialects import DIALECTS, Dialect, HeartbeatPay
from fleet.simulator.errors import OptionError
from fleet.simulator.faults import Fault
from fleet.simulator.latency import Latency
from fleet.simulator.mix import Mix
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.rewards import RewardRule, RewardSharing
from fleet.simulator.strangers import Strangers


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatorOptions:
    """The options of one simulator."""

    #: address to listen on
    host: str = "127.0.0.1"
    #: TCP port; 0 = a free one
    port: int = 8000
    #: the release to imitate: a, b or c
    dialect: str = "b"
    #: makes sessions, job ids and data reproducible; None: a new seed at each start
    seed: int | None = None
    #: limit of requests per client address
    rate_limit: RateLimit = field(default_factory=RateLimit)
    #: delays of answers
    latency: Latency = field(default_factory=Latency)
    #: job types to hand out
    mix: Mix = field(default_factory=Mix)
    #: rule for job rewards; None: the dialect's
    reward_rule: RewardRule | None = None
    #: pay for heartbeats; None: the dialect's
    heartbeat_pay: HeartbeatPay | None = None
    #: NNET that the budget rule divides among the active miners; None: the dialect's
    block_budget: float | None = None
    #: lower and upper limit of one miner's share of it in NNET; None: the dialect's
    share_min: float | None = None
    share_max: float | None = None
    #: seconds between two saves of the balances, 0: never saved; None: the dialect's
    save_balances_s: float | None = None
    #: active miners of the network beside the clients
    strangers: Strangers = field(default_factory=Strangers)
    #: number of active miners at which the server ends its service; 0: none
    shutdown_at: int = 0
    #: faults that are active from the start
    faults: tuple[Fault, ...] = ()
    #: file for the URL, written once the server listens
    url_file: Path | None = None
    #: whether to print one line per request on stderr
    verbose: bool = False

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise OptionError("dialect", self.dialect, f"one of {', '.join(DIALECTS)}")
        if not 0 <= self.port <= 65_535:
            raise OptionError("port", self.port, "0 … 65535")
        if not 0 <= (self.save_balances_s or 0) < math.inf:
            raise OptionError("save_balances", self.save_balances_s, "0 seconds or more")
        if self.shutdown_at < 0:
            raise OptionError("shutdown_at", self.shutdown_at, "0 miners or more")
        _ = self.spoken  # raises OptionError where the limits of a share contradict each other

    @property
    def spoken(self) -> Dialect:
        """The dialect, with the operator's own rules in place of its defaults."""
        dialect = DIALECTS[self.dialect]
        sharing = dialect.sharing
        return replace(
            dialect,
            reward_rule=self.reward_rule or dialect.reward_rule,
            sharing=RewardSharing(
                block_budget=_given(self.block_budget, sharing.block_budget),
                least=_given(self.share_min, sharing.least),
                most=_given(self.share_max, sharing.most),
            ),
            heartbeat_pay=self.heartbeat_pay or dialect.heartbeat_pay,
            saves_balances_every_s=_given(self.save_balances_s, dialect.saves_balances_every_s),
        )


def _given(value: float | None, default: float) -> float:
    return default if value is None else value
