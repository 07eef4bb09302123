"""Everything that can be set on a simulator before it starts."""

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
    """One simulator."""

    #: address to listen on
    host: str = "127.0.0.1"
    #: TCP port; 0 = a free one
    port: int = 8000
    #: the release that is spoken: a, b or c
    dialect: str = "b"
    #: makes sessions, job ids and data reproducible; nothing: a new one at each start
    seed: int | None = None
    #: requests that one client address may send
    rate_limit: RateLimit = field(default_factory=RateLimit)
    #: how long answers take
    latency: Latency = field(default_factory=Latency)
    #: which job types are handed out
    mix: Mix = field(default_factory=Mix)
    #: how jobs are paid; nothing: as the dialect does
    reward_rule: RewardRule | None = None
    #: what heartbeats earn; nothing: as the dialect does
    heartbeat_pay: HeartbeatPay | None = None
    #: active miners of the network besides those that call
    other_miners: int = 0
    #: faults switched on from the start
    faults: tuple[Fault, ...] = ()
    #: where the URL is written once the server listens
    url_file: Path | None = None
    #: one line a request on stderr
    verbose: bool = False

    def __post_init__(self) -> None:
        if self.dialect not in DIALECTS:
            raise OptionError("dialect", self.dialect, f"one of {', '.join(DIALECTS)}")
        if not 0 <= self.port <= 65_535:
            raise OptionError("port", self.port, "0 … 65535")
        if not 0 <= self.other_miners <= 10_000_000:
            raise OptionError("other_miners", self.other_miners, "0 … 10,000,000")
