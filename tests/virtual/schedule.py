"""One schedule from its first start to its last drain, while coordinators die and new ones start."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from unittest import mock

from sqlalchemy import Engine

from fleet.coordinator import loop
from fleet.coordinator.auto_miners import AutoMiners
from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.scheduler import Farm
from fleet.coordinator.server_loop import ServerLoop
from fleet.domain.jobs import MinerSpec
from fleet.earning.controller import LOOK_EVERY_S, Controller, Decision
from fleet.ledger import schema
from fleet.ledger.engine import open_engine
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from tests.virtual.broker import Connection, Redis
from tests.virtual.final_laws import FinalLaws
from tests.virtual.laws import BrokenLawError, Laws
from tests.virtual.life import (
    BooksAtOnce,
    Death,
    Killed,
    MortalBroker,
    MortalLedger,
    VirtualCaller,
    VirtualInbox,
    Watcher,
)
from tests.virtual.plan import Plan
from tests.virtual.server import Server, VirtualClient
from tests.virtual.timeline import EPOCH_S, Timeline

#: a drain that takes this many seconds longer than its own bound counts as endless
_PATIENCE_S = 1800.0
_MAX_DEATHS = 60
#: mean time in seconds between two changes of a restless controller's target
_CHANGES_EVERY_S = 30.0
#: the real loop wakes twice a second; here it must know when to wake
_LONGEST_WAIT_S = 60.0


class Restless(Controller):
    """A controller that changes its target about twice a minute, far more often than income would."""

    rng: random.Random

    def look(self, open_now: int, now: float, *, requests_per_minute: float) -> Decision:
        """Choose a random number of sessions, now and then."""
        decision = super().look(open_now, now, requests_per_minute=requests_per_minute)
        if self.rng.random() < LOOK_EVERY_S / _CHANGES_EVERY_S:
            self.target = self.rng.randint(self.least, self.most)
        return Decision(target=self.target, reason=decision.reason, notices=decision.notices)


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
        self.server = Server(plan, self.timeline)
        self.redis = Redis(plan, self.timeline)
        self.laws = Laws(plan, self.timeline, self.server)
        self.deaths = 0
        self.farm: Farm | None = None
        self._rng = random.Random(f"lives {plan.seed}")
        self._engine = emptied_engine()
        self._ledgers: list[MortalLedger] = []
        self._death = Death(self._rng, plan.crash_rate, self.timeline)
        for moment in plan.crash_times:
            self.timeline.at(moment, self._kill)
        self.timeline.at(plan.mining_s, self._calm)

    def run(self) -> Outcome:
        """Mine, die, restart and drain, then check the laws. Raises BrokenLawError, or what the code under test raised.

        Raises BrokenLawError, or whatever the code under test raised.
        """
        try:
            while not self._live():
                self.deaths += 1
                if self.deaths > _MAX_DEATHS:
                    raise BrokenLawError("I5: the coordinator never gets through")
                self.timeline.pass_time(self.plan.downtime_s * self._rng.random())
            ledger = self._ledger()
            assert self.farm is not None
            FinalLaws(self.laws).check(ledger, self.farm, self._engine)
            jobs = ledger.run_counts("virtual")
        finally:
            for open_ledger in self._ledgers:
                open_ledger.leave()
        return Outcome(
            seed=self.plan.seed,
            virtual_s=self.timeline.now,
            jobs=jobs,
            deaths=self.deaths,
            requests=sum(self.server.simulator.counters.requests.values()),
            resent=self.laws.resent,
        )

    def _kill(self) -> None:
        self._death.due = True

    def _calm(self) -> None:
        """The mining is over. End the faults too, so that the drain can prove what is provable."""
        self.timeline.trace("calm")
        self.server.calm()
        self.redis.calm()
        self._death.rate = 0.0

    def _ledger(self) -> MortalLedger:
        ledger = MortalLedger(
            self._engine,
            "virtual",
            simulated=True,
            now_ms=lambda: int((EPOCH_S + self.timeline.now) * 1000),
        )
        ledger.death, ledger.laws = self._death, self.laws
        self._ledgers.append(ledger)
        return ledger

    def _live(self) -> bool:
        """Run one coordinator. Returns whether it ended by itself."""
        self.laws.born()
        ledger = self._ledger()
        inbox = VirtualInbox(self.timeline, self._death, self.laws)
        ledger.inbox = inbox
        client = VirtualClient(self.server)
        caller = VirtualCaller(self.timeline, self.server, client, self._rng)
        caller.inbox, caller.death, caller.laws = inbox, self._death, self.laws
        connection = Connection(self.redis, inbox, self.timeline)
        try:
            ledger.begin_run("virtual")
            self.farm = self._farm(ledger)
            with mock.patch.object(loop, "_MAX_WAIT_S", _LONGEST_WAIT_S):
                site = ServerLoop(
                    farm=self.farm,
                    books=BooksAtOnce(ledger),
                    calls=ServerCalls(client, caller, inbox, self.timeline.clock),
                    drain_s=self.plan.drain_s,
                    network_every_s=60.0,
                    clock=self.timeline.clock,
                )
                coordinator = loop.Coordinator(
                    [site],
                    broker=MortalBroker(connection, self._death, self.laws, inbox),
                    watcher=Watcher(self.timeline),
                    inbox=inbox,
                    clock=self.timeline.clock,
                )
                bound = max(self.timeline.now, self.plan.mining_s) + self.plan.drain_s + _PATIENCE_S
                self.timeline.at(bound, lambda: self._overdue(inbox))
                coordinator.run(self.plan.mining_s)
        except Killed:
            return False
        else:
            return True
        finally:
            inbox.alive = connection.alive = False
            self.redis.on_entry = lambda: None
            self.laws.conserved(ledger)
            ledger.leave()

    def _overdue(self, inbox: VirtualInbox) -> None:
        if inbox.alive:
            raise BrokenLawError(f"I5: the drain did not end within {_PATIENCE_S} s of its bound")

    def _farm(self, ledger: MortalLedger) -> Farm:
        plan, now = self.plan, self.timeline.now
        policy = Policy(
            redispatch_s=plan.redispatch_s, reconcile_s=plan.reconcile_s, backoff=Backoff(floor_s=1.0, cap_s=60.0)
        )
        governor = Governor(
            requests=plan.governor_limit, window_s=60.0, miners=plan.miners, heartbeat_s=30.0, carried_s=60.0
        )
        specs = [MinerSpec(miner_id=f"rig-{number}") for number in range(plan.miners)]
        miners = [Miner(spec, policy, ledger.saved_miner(spec.miner_id), self._jitter(), now) for spec in specs]
        auto = None
        if plan.pinned is not None:
            pinned = [spec.miner_id for spec in specs[: plan.pinned]]
            auto = AutoMiners(miners, governor, pinned=pinned, heartbeat_s=30.0, now=now)
            if plan.restless:
                auto.controller = Restless(auto.meter, least=len(pinned), most=plan.miners, now=now)
                auto.controller.rng = self._jitter()
        return Farm(
            miners,
            governor,
            ledger.find,
            max_calls=16,
            max_at_workers=64,
            now=now,
            auto=auto,
        )

    def _jitter(self) -> random.Random:
        return random.Random(self._rng.random())


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
