"""Who steers a schedule's farm, and how its coordinators hear of it: the ledger's own book, without its thread."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import Engine

from fleet.broker.presence import Workers
from fleet.control.control import FARM, ControlChange, Target, TargetKind
from fleet.control.in_force import Controls, miner_targets
from fleet.control.request import ControlRequest
from fleet.coordinator.inbox import Event, Stop
from fleet.coordinator.steering.control_watch import ControlsChanged
from fleet.coordinator.steering.steering import SteeredFarm, Steering
from fleet.domain.calendar import Calendar
from fleet.domain.calls import Call
from fleet.domain.effects import Dispatch, SessionClosed, SessionOpened, Write
from fleet.domain.session_effects import SessionDenied, SessionRequested
from fleet.errors import ControlRefused
from fleet.ledger.controls import ControlBook
from tests.virtual.broker import Redis
from tests.virtual.caller import VirtualInbox
from tests.virtual.control_laws import ControlLaws
from tests.virtual.draw_orders import TAGS
from tests.virtual.host_orders import HostLink, Hosts
from tests.virtual.laws import BrokenLawError, Laws
from tests.virtual.plan import Order, Plan
from tests.virtual.timeline import EPOCH_S, Timeline
from tests.virtual.work_laws import WorkLaws

#: a change is heard of within this many seconds
_HEARD_S = 0.5
#: seconds between two looks whether everything mines again, and the most that this may take
_LOOK_S, PATIENCE_S = 5.0, 7200.0


class Operator:
    """Asks for the orders of a plan, and tells the coordinator that runs; ends the farm once it mines again."""

    def __init__(
        self, plan: Plan, timeline: Timeline, engine: Engine, redis: Redis, servers: Mapping[str, Laws]
    ) -> None:
        """`servers` are the laws of each server's miners."""
        self._plan, self._timeline, self._redis = plan, timeline, redis
        self._book = ControlBook(engine, "", self._now_ms)
        self._rng = random.Random(f"operator {plan.seed}")
        self._inbox: VirtualInbox | None = None
        self._farms: Sequence[SteeredFarm] = ()
        self._seen = 0
        self.tags: dict[str, tuple[str, ...]] = {}
        targets: dict[str, tuple[Target, ...]] = {}
        counts = {"rig": plan.miners} if plan.second is None else {"rig": plan.miners, "side": plan.second.miners}
        for server, count in counts.items():
            for number in range(count):
                miner_id = f"{server}-{number}"
                self.tags[miner_id] = (TAGS[number % 2],)
                targets[miner_id] = miner_targets(miner_id, self.tags[miner_id], server)
        closes = plan.pinned is not None or plan.second is not None
        hold = next(iter(servers.values())).hold
        self.laws = ControlLaws(targets, hold, plan.mining_s, closes=closes)
        self._work = WorkLaws(redis.hosts, servers, hold, steers=plan.steers_hosts)
        if plan.steers_hosts:
            Hosts(redis, timeline, plan.restarts)
            redis.on_take = self._work.hosts.took
            redis.on_trouble = lambda: self._work.hosts.disturbed(timeline.now)
        #: whether the last coordinator was told to end
        self.over = False
        for laws in servers.values():
            laws.steered = self
        for order in plan.orders:
            timeline.at(order.at_s, partial(self._ask, order))
        timeline.at(plan.mining_s, self._look)

    def starts(self, inbox: VirtualInbox, farms: Sequence[SteeredFarm]) -> Steering:
        """A coordinator starts."""
        self._inbox, self._farms = inbox, farms
        if self.over:
            # the last one was killed once it had been told to end
            self._timeline.after(0.0, self._stop)
        self._seen, controls = self._book.last(), self._book.in_force()
        self.laws.born(controls, self._timeline.now)
        self._work.born(controls, self._timeline.now)
        link = HostLink(self._redis, self._timeline, inbox, lambda: inbox.alive) if self._plan.steers_hosts else None
        return Steering(
            farms,
            controls,
            Calendar(),
            self._now_ms,
            self._timeline.clock,
            order_hosts=(lambda _: None) if link is None else link.follow,
        )

    def read(self, events: Sequence[Event]) -> None:
        """The loop has taken these events."""
        now = self._timeline.now
        for event in events:
            if isinstance(event, Workers):
                self._work.workers(now, present=event.present)
            elif isinstance(event, ControlsChanged):
                self.laws.follow(event.controls, now)
                self._told(event.controls)
                if any(one.change is ControlChange.DRAIN and one.target == FARM for one in event.entries):
                    self.laws.stopping()
            elif isinstance(event, Stop):
                self.laws.stopping()
        self._work.alive(now, reachable=self._redis.up, draining=self.laws.draining)

    def dispatched(self, order: Dispatch) -> None:
        """A job is dispatched to the workers."""
        self._work.dispatched(order, self._timeline.now)
        self.laws.dispatched(order.message.miner_id, self._timeline.now)

    def sent(self, call: Call, now: float, *, open_jobs: bool) -> None:
        """A call is sent."""
        self.laws.sent(call, now, open_jobs=open_jobs)

    def committed(self, server: str, writes: Sequence[Write]) -> None:
        """Rows were written to the ledger."""
        self._work.committed(server or "rig", writes, self._timeline.now)
        for write in writes:
            if isinstance(write, SessionRequested):
                self.laws.requested.add(write.miner_id)
                self.laws.in_doubt.add(write.miner_id)
            elif isinstance(write, SessionDenied):
                self.laws.in_doubt.discard(write.miner_id)
            elif isinstance(write, SessionOpened | SessionClosed):
                self.laws.wrote(write.miner_id, self._timeline.now, opened=isinstance(write, SessionOpened))

    def end(self) -> None:
        """Check what is recorded. Nobody may have logged the ends of controls since the last coordinator ended."""
        self._book.end_overdue()
        self.laws.recorded(self._book)

    def _told(self, controls: Controls) -> None:
        """The coordinator is told of these controls."""
        now_ms = self._now_ms()
        self._work.follow(Controls(one for one in controls if not one.ended(now_ms)), self._timeline.now)

    def _now_ms(self) -> int:
        return round((EPOCH_S + self._timeline.now) * 1000)

    def _ask(self, order: Order) -> None:
        ends_run = order.change is ControlChange.RETRY or (
            order.change is ControlChange.DRAIN and order.target.kind is TargetKind.FARM
        )
        if ends_run and not self._runs:
            return
        request = ControlRequest(
            change=order.change,
            target=order.target,
            who="operator",
            until_ms=None if order.lasts_s is None else self._now_ms() + round(order.lasts_s * 1000),
            stop_after_s=order.stop_after_s,
        )
        with contextlib.suppress(ControlRefused):
            self._book.ask(request)
            self._timeline.trace(f"ordered: {order}")
        for delay_s in (0.0, order.lasts_s):
            if delay_s is not None:
                self._timeline.after(delay_s + self._rng.random() * _HEARD_S, self._tell)

    @property
    def _runs(self) -> bool:
        return self._inbox is not None and self._inbox.alive

    def _tell(self) -> None:
        """Tell the coordinator what has changed, as `ControlWatch` does."""
        if not self._runs or self._inbox is None:
            return
        self._book.end_overdue()
        news = self._book.news(self._seen)
        if news is not None:
            self._seen, controls, entries = news
            self._inbox.put(ControlsChanged(controls=controls, entries=entries))

    def _look(self) -> None:
        """End the farm once everything that nothing pauses mines again."""
        self._timeline.after(_LOOK_S, self._look)
        if not self._runs or self._inbox is None or self.over:
            return
        self.laws.agrees({name: miner.paused for one in self._farms for name, miner in one.farm.miners.items()})
        idle = [name for name in self.laws.idle() if not self._work.excused(name)]
        if self._timeline.now > self._plan.mining_s + PATIENCE_S:
            raise BrokenLawError(f"controls: {idle} never mine again")
        if not idle:
            self.over = True
            self._stop()

    def _stop(self) -> None:
        """Tell the coordinator to end."""
        if self._runs and self._inbox is not None:
            self._inbox.put(Stop("everything mines again", asked=False))
