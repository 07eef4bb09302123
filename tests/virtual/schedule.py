"""One schedule from its first start to its last drain, while coordinators die and new ones start.

One file: what a coordinator is made of, what kills it and what starts the next one are read in one place.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from unittest import mock

from sqlalchemy import Engine

from fleet.broker.disguise import Disguise
from fleet.coordinator import loop
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.server_loop import ServerLoop
from fleet.coordinator.steering.steering import SteeredFarm, Steering
from fleet.ledger import schema
from fleet.ledger.storage.engine import open_engine
from tests.virtual.broker import Redis
from tests.virtual.caller import VirtualInbox
from tests.virtual.connection import Connection
from tests.virtual.control_laws import LOOKS_EVERY_S
from tests.virtual.death import Death, Killed
from tests.virtual.laws import BrokenLawError, Laws
from tests.virtual.life import MortalBroker, MortalLedger, Watcher
from tests.virtual.plan import Plan
from tests.virtual.server import Server
from tests.virtual.site import SharedLaws, Site
from tests.virtual.steered import PATIENCE_S, Operator
from tests.virtual.timeline import Timeline

#: a drain that takes this many seconds longer than its own bound counts as endless
_PATIENCE_S = 1800.0
_MAX_DEATHS = 60
#: the real loop wakes twice a second; here it must know when to wake
_LONGEST_WAIT_S = 60.0


@dataclass(kw_only=True, slots=True)
class Outcome:
    """Counts of what happened in a schedule."""

    seed: int
    virtual_s: float = 0.0
    jobs: dict[str, int] = field(default_factory=dict)
    deaths: int = 0
    requests: int = 0
    resent: int = 0


class Schedule:
    """A farm, its server and its Redis, under one plan."""

    def __init__(self, plan: Plan, *, trace: Callable[[str], None] | None = None) -> None:
        self.plan = plan
        self.timeline = Timeline(trace=trace)
        self.redis = Redis(plan, self.timeline)
        self.deaths = 0
        self._rng = random.Random(f"lives {plan.seed}")
        self._engine = emptied_engine()
        plans = {"": plan} if plan.second is None else {"rig": plan, "side": plan.second}
        self.sites = [Site(one, self.timeline, self._engine, self._rng, name=name) for name, one in plans.items()]
        self._laws = SharedLaws(self.sites)
        servers = {site.name or "rig": site.laws for site in self.sites}
        #: who steers the farm; None if nobody does
        self.operator = Operator(plan, self.timeline, self._engine, self.redis, servers) if plan.orders else None
        self._laws.operator = self.operator
        names = {miner_id: miner_id for site in self.sites for miner_id in site.miner_ids}
        self._disguise = Disguise(names, {miner_id: site.name for site in self.sites for miner_id in site.miner_ids})
        self._death = Death(self._rng, plan.crash_rate, self.timeline)
        for moment in plan.crash_times:
            self.timeline.at(moment, self._kill)
        self.timeline.at(plan.mining_s, self._calm)

    @property
    def server(self) -> Server:
        """The first server."""
        return self.sites[0].server

    @property
    def laws(self) -> Laws:
        """The laws at the first server."""
        return self.sites[0].laws

    @property
    def farm(self) -> Farm | None:
        """The farm at the first server; None before the start."""
        return self.sites[0].farm

    def run(self) -> Outcome:
        """Mine, die, restart and drain, then check the laws.

        Raises BrokenLawError, or whatever the code under test raised.
        """
        try:
            while not self._live() or self._starts_again:
                self.deaths += 1
                if self.deaths > _MAX_DEATHS:
                    raise BrokenLawError("I5: the coordinator never gets through")
                self.timeline.pass_time(self.plan.downtime_s * self._rng.random())
            jobs = Counter[str]()
            for site in self.sites:
                jobs.update(site.end(self._death))
            if self.operator is not None:
                self.operator.end()
        finally:
            for site in self.sites:
                site.close()
        return Outcome(
            seed=self.plan.seed,
            virtual_s=self.timeline.now,
            jobs=dict(jobs),
            deaths=self.deaths,
            requests=sum(sum(site.server.simulator.counters.requests.values()) for site in self.sites),
            resent=sum(site.laws.resent for site in self.sites),
        )

    @property
    def _starts_again(self) -> bool:
        """Whether the last coordinator ended because its farm was told to drain, so that another one starts."""
        return self.operator is not None and not self.operator.over

    def _kill(self) -> None:
        self._death.due = True

    def _calm(self) -> None:
        """The mining is over. End the faults too, so that the drain can prove what is provable."""
        self.timeline.trace("calm")
        for site in self.sites:
            site.server.calm()
        self.redis.calm()
        self._death.rate = 0.0

    def _live(self) -> bool:
        """Run one coordinator. Returns whether it ended by itself."""
        for site in self.sites:
            site.laws.born()
        ledgers = [site.ledger(self._death) for site in self.sites]
        inbox = VirtualInbox(self.timeline, self._death, self._laws)
        connection = Connection(self.redis, inbox, self.timeline, self._disguise)
        longest_s = _LONGEST_WAIT_S if self.plan.second is None and not self.plan.orders else LOOKS_EVERY_S
        try:
            with mock.patch.object(loop, "_MAX_WAIT_S", longest_s):
                loops = self._loops(ledgers, inbox)
                coordinator = loop.Coordinator(
                    loops,
                    broker=MortalBroker(connection, self._death, self._laws, inbox),
                    watcher=Watcher(self.timeline),
                    inbox=inbox,
                    failover_s=self.plan.failover_s,
                    steering=self._steering(loops, inbox),
                    clock=self.timeline.clock,
                )
                longer_s = 0.0 if self.operator is None else PATIENCE_S
                bound = max(self.timeline.now, self.plan.mining_s) + longer_s + self.plan.drain_s + _PATIENCE_S
                self.timeline.at(bound, lambda: self._overdue(inbox))
                coordinator.run(self.plan.mining_s if self.operator is None else None)
        except Killed:
            return False
        else:
            return True
        finally:
            inbox.alive = connection.alive = False
            self.redis.on_entry = lambda: None
            for site, ledger in zip(self.sites, ledgers, strict=True):
                site.laws.conserved(ledger)
                ledger.leave()

    def _loops(self, ledgers: list[MortalLedger], inbox: VirtualInbox) -> list[ServerLoop]:
        loops: list[ServerLoop] = []
        for site, ledger in zip(self.sites, ledgers, strict=True):
            loops.append(site.loop(ledger, inbox, self._death, loops[0].farm.workers if loops else None))
        return loops

    def _steering(self, loops: list[ServerLoop], inbox: VirtualInbox) -> Steering | None:
        if self.operator is None:
            return None
        farms = [
            SteeredFarm(
                server=one.name or "rig",
                farm=one.farm,
                names={miner_id: miner_id for miner_id in one.farm.miners},
                tags=self.operator.tags,
            )
            for one in loops
        ]
        return self.operator.starts(inbox, farms)

    def _overdue(self, inbox: VirtualInbox) -> None:
        if inbox.alive:
            raise BrokenLawError(f"I5: the drain did not end within {_PATIENCE_S} s of its bound")


@cache
def _engine() -> Engine:
    return open_engine("sqlite://")


def emptied_engine() -> Engine:
    """An empty database in memory, shared by all schedules: compiling a new one's statements takes most time."""
    engine = _engine()
    with engine.begin() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            if table is not schema.meta:
                connection.execute(table.delete())
    return engine


def run_seed(plan: Plan, *, trace: Callable[[str], None] | None = None) -> Outcome:
    """Run one plan."""
    return Schedule(plan, trace=trace).run()


def failure_of(plan: Plan, *, trace: Callable[[str], None] | None = None) -> Exception | None:
    """Why a plan fails; None if every law holds."""
    try:
        run_seed(plan, trace=trace)
    except Exception as exc:  # noqa: BLE001 - whatever the code under test raises is the finding
        return exc
    return None
