"""One server of a schedule's farm, with the laws that hold there and what each coordinator opens for it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Engine

from fleet.broker.disguise import split_id
from fleet.broker.results import Results
from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.inbox import Event
from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.scheduling.workforce import Workforce
from fleet.coordinator.server_loop import ServerLoop
from fleet.domain.calls import Reply
from fleet.domain.effects import Dispatch
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.jobs import MinerSpec
from fleet.ledger.run_ids import run_at
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from tests.support.restless import Restless
from tests.virtual.caller import VirtualCaller, VirtualInbox
from tests.virtual.death import Death
from tests.virtual.final_laws import FinalLaws
from tests.virtual.laws import Laws
from tests.virtual.life import BooksAtOnce, MortalLedger
from tests.virtual.plan import Plan
from tests.virtual.server import Server, VirtualClient
from tests.virtual.steered import Operator
from tests.virtual.timeline import EPOCH_S, Timeline
from tests.virtual.watched_auditor import WatchedAuditor, WatchedScreening


class Site:
    """A server under its plan. `name` is empty for the only one; `rng` draws what differs between coordinators."""

    def __init__(self, plan: Plan, timeline: Timeline, engine: Engine, rng: random.Random, *, name: str = "") -> None:
        self.plan, self.name = plan, name
        self.server = Server(plan, timeline, name=name)
        self.laws = Laws(plan, timeline, self.server, name=name)
        self.farm: Farm | None = None
        self.miner_ids = [f"{name or 'rig'}-{number}" for number in range(plan.miners)]
        self._timeline, self._engine, self._rng = timeline, engine, rng
        self._roster = random.Random(f"roster {name}{plan.seed}")
        self._ledgers: list[MortalLedger] = []

    def ledger(self, death: Death) -> MortalLedger:
        """Open the server's account."""
        ledger = MortalLedger(
            self._engine,
            f"virtual {self.name}".strip(),
            simulated=True,
            now_ms=lambda: int((EPOCH_S + self._timeline.now) * 1000),
        )
        ledger.death, ledger.laws = death, self.laws
        self._ledgers.append(ledger)
        return ledger

    def close(self) -> None:
        """Return the connections of all coordinators to the database."""
        for ledger in self._ledgers:
            ledger.leave()

    def loop(self, ledger: MortalLedger, inbox: VirtualInbox, death: Death, beside: Workforce | None) -> ServerLoop:
        """A new coordinator's part for this server; `beside` is the workforce of the first one."""
        ledger.inbox = inbox
        client = VirtualClient(self.server)
        caller = VirtualCaller(self._timeline, self.server, client, self._rng)
        caller.inbox, caller.death, caller.laws = inbox, death, self.laws
        ledger.begin_run(run_at("virtual", self.name))
        self.farm = self._farm(ledger, beside)
        if self.plan.checked_share:
            auditor = WatchedAuditor(self.plan.checked_share, self._jitter(), self.laws.checks)
            auditor.at_once = self.plan.checked_at_once
            self.farm.workers.screening = WatchedScreening(auditor, self.laws.checks)
        return ServerLoop(
            name=self.name,
            priority=self.plan.priority,
            farm=self.farm,
            books=BooksAtOnce(ledger),
            calls=ServerCalls(client, caller, inbox, self._timeline.clock, server=self.name),
            drain_s=self.plan.drain_s,
            network_every_s=60.0,
            abandoned=ledger.abandoned_sessions(set(self.farm.miners)),
            clock=self._timeline.clock,
        )

    def end(self, death: Death) -> Mapping[str, int]:
        """Check the laws that hold after the drain. Returns the counts of jobs."""
        assert self.farm is not None
        ledger = self.ledger(death)
        FinalLaws(self.laws).check(ledger, self.farm, self._engine)
        return ledger.run_and_ledger(run_at("virtual", self.name))[0].jobs

    def _farm(self, ledger: MortalLedger, beside: Workforce | None) -> Farm:
        plan, now = self.plan, self._timeline.now
        policy = Policy(
            redispatch_s=plan.redispatch_s, reconcile_s=plan.reconcile_s, backoff=Backoff(floor_s=1.0, cap_s=60.0)
        )
        governor = Governor(
            requests=plan.governor_limit, window_s=60.0, miners=plan.miners, heartbeat_s=30.0, carried_s=60.0
        )
        specs = [MinerSpec(miner_id=miner_id) for miner_id in self._wanted()]
        miners = [Miner(spec, policy, ledger.saved_miner(spec.miner_id), self._jitter(), now) for spec in specs]
        return Farm(
            miners,
            governor,
            ledger.find,
            max_calls=16,
            max_at_workers=64,
            now=now,
            auto=self._auto(miners, governor, now),
            beside=beside,
        )

    def _wanted(self) -> list[str]:
        """The miners that the next coordinator wants: one at least."""
        stay = [miner_id for miner_id in self.miner_ids if self._roster.random() >= self.plan.leave_rate]
        return stay or self.miner_ids[:1]

    def _auto(self, miners: list[Miner], governor: Governor, now: float) -> AutoMiners:
        """What opens and closes sessions: by income, at random, or only when the server is left for another one."""
        plan = self.plan
        if plan.pinned is None:
            return AutoMiners(miners, governor, pinned=(), heartbeat_s=30.0, now=now, follows=False)
        pinned = [miner.spec.miner_id for miner in miners[: plan.pinned]]
        auto = AutoMiners(miners, governor, pinned=pinned, heartbeat_s=30.0, now=now)
        if plan.restless:
            auto.controller = Restless(auto.meter, least=len(pinned), most=plan.miners, now=now)
            auto.controller.rng = self._jitter()
        return auto

    def _jitter(self) -> random.Random:
        return random.Random(self._rng.random())


class SharedLaws:
    """What the loop does for all servers, checked by the laws of the one that it concerns."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._sites = list(sites)
        #: who steers the farm; None if nobody does
        self.operator: Operator | None = None
        self._of_miner = {miner_id: site.laws for site in self._sites for miner_id in site.miner_ids}

    def read(self, events: Sequence[Event]) -> None:
        """The loop has taken these events."""
        if self.operator is not None:
            self.operator.read(events)
        for event in events:
            if isinstance(event, Reply):
                self._of_miner[event.call.spec.miner_id].read([event])
            elif isinstance(event, AbandonedSessionStopped):
                self._of_miner[event.session.miner_id].read([event])
            elif isinstance(event, Results):
                for laws, entries in self._parts(event):
                    laws.read([Results(entries=entries, of_messages=(), messages=(), flaws=())])

    def _parts(self, results: Results) -> list[tuple[Laws, tuple[bytes, ...]]]:
        """The entries of each server's results. With several servers, any may acknowledge what answers none's job."""
        if len(self._sites) == 1:
            return [(self._sites[0].laws, results.entries)]
        answered = zip(results.messages, results.of_messages, strict=True)
        servers = [(split_id(message.job_id)[0], entry) for message, entry in answered]
        return [(site.laws, tuple(entry for server, entry in servers if server == site.name)) for site in self._sites]

    def dispatched(self, order: Dispatch) -> None:
        """A job is dispatched to the workers."""
        if self.operator is not None:
            self.operator.dispatched(order)
        self._of_miner[order.message.miner_id].dispatched(order)

    def acknowledged(self, entries: Sequence[bytes]) -> None:
        """Results are removed from the stream."""
        for site in self._sites:
            site.laws.acknowledged(entries)
