"""The options of a simulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fleet.simulator.dialects import DIALECTS, HeartbeatPay
from fleet.simulator.errors import OptionError
from fleet.simulator.faults import Fault
from fleet.simulator.latency import Latency
from fleet.simulator.mix import Mix
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.rewards import RewardRule


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
    #: active miners of the network beside the clients
    other_miners: int = 0
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
        if not 0 <= self.other_miners <= 10_000_000:
            raise OptionError("other_miners", self.other_miners, "0 … 10,000,000")
