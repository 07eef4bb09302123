"""What a schedule does to a farm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fleet.control.control import ControlChange, Target, TargetKind
from fleet.simulator.faultkinds import FaultKind
from fleet.simulator.faults import Fault
from fleet.simulator.strangers import Strangers


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A change of controls that somebody asks for at `at_s`; one that makes no sense then is refused."""

    at_s: float
    change: ControlChange
    target: Target
    #: seconds until sessions of paused miners are stopped; None to keep them
    stop_after_s: float | None = None
    #: seconds after which a pause ends by itself; None until it is resumed
    lasts_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One schedule. Durations are in seconds, rates are probabilities."""

    seed: int
    dialect: str
    miners: int
    #: how long the farm mines before the drain
    mining_s: float
    drain_s: float
    #: median of a kernel's time
    kernel_s: float
    #: median of a round trip to the server
    latency_s: float
    workers: int
    #: requests a minute that the server allows, and that the governor starts with
    server_limit: int
    governor_limit: int
    redispatch_s: float
    #: probability that the coordinator dies at a step
    crash_rate: float
    #: times at which the coordinator dies, whatever it is doing
    crash_times: tuple[float, ...]
    downtime_s: float
    faults: tuple[Fault, ...]
    #: times at which the server loses everything
    forget_times: tuple[float, ...]
    #: (from, to) during which the server can't be reached
    outages: tuple[tuple[float, float], ...]
    #: times at which Redis loses everything
    flush_times: tuple[float, ...]
    #: (from, to) in which Redis does not answer
    redis_outages: tuple[tuple[float, float], ...]
    #: messages to workers that are lost, delivered twice, or delivered out of order
    lost_rate: float
    doubled_rate: float
    overtaking_rate: float
    #: results that are written to the stream twice
    doubled_result_rate: float
    #: attempts that raise, that return an invalid result, or that kill their worker
    failing_rate: float
    flawed_rate: float
    worker_death_rate: float
    #: time until the messages of a dead worker are delivered to another one
    visibility_s: float
    #: entries of the results stream that answer no order
    rogue_rate: float
    #: time between two comparisons with the server's totals
    reconcile_s: float
    #: other people's miners
    strangers: Strangers = field(default_factory=Strangers)
    #: further options of the simulator by name, such as how it pays and what it saves
    rules: Mapping[str, Any] = field(default_factory=dict)
    #: number of pinned miners where sessions are opened and closed by income; None where all sessions stay open
    pinned: int | None = None
    #: whether the number of sessions changes at random instead
    restless: bool = False
    #: times at which half of each wallet is sent away
    thefts: tuple[float, ...] = ()
    #: a second server that the farm mines at: this plan, with the server's own miners, limit, faults and outages
    second: Plan | None = None
    #: the server's priority
    priority: int = 1
    #: seconds until the second server is mined at when the first one is down, and until it is left again
    failover_s: tuple[float, float] = (5.0, 30.0)
    #: what is paused, drained, retried and resumed
    orders: tuple[Order, ...] = ()
    #: probability that a coordinator starts without a miner, as if the settings no longer named it
    leave_rate: float = 0.0
    #: worker hosts, which share the workers
    hosts: int = 1
    #: times at which the workers of all hosts start again: they know no orders then
    restarts: tuple[float, ...] = ()
    #: share of the first host's results that are wrong, and of all that are checked
    wrong_rate: float = 0.0
    checked_share: float = 0.0
    #: most results of a host that are under check at once
    checked_at_once: int = 10

    @property
    def steers_hosts(self) -> bool:
        """Whether any order is about a worker host."""
        return any(order.target.kind is TargetKind.HOST for order in self.orders)

    @property
    def forgets(self) -> bool:
        """Whether the server loses its accounts at any time."""
        return bool(self.forget_times) or any(fault.kind is FaultKind.FORGET for fault in self.faults)


def undisturbed(plan: Plan) -> Plan:
    """The same plan without any faults, at one server, in which all sessions stay open."""
    return replace(
        plan,
        second=None,
        orders=(),
        leave_rate=0.0,
        hosts=1,
        restarts=(),
        wrong_rate=0.0,
        checked_share=0.0,
        pinned=None,
        restless=False,
        thefts=(),
        crash_rate=0.0,
        crash_times=(),
        faults=(),
        forget_times=(),
        outages=(),
        flush_times=(),
        redis_outages=(),
        lost_rate=0.0,
        doubled_rate=0.0,
        overtaking_rate=0.0,
        doubled_result_rate=0.0,
        failing_rate=0.0,
        flawed_rate=0.0,
        worker_death_rate=0.0,
        rogue_rate=0.0,
    )
