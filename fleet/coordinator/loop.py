"""The coordinator's main loop: feeds events to the farm of each server and carries out its decisions.

A turn collects events, lets each farm decide, commits its writes, then dispatches, acknowledges and calls. Nothing
takes effect before it is in the ledger, and no result leaves Redis before it is there. While a commit takes long, turns
continue with heartbeats alone, which need no ledger entry; the decisions of these turns are written with the next
commit.

One file: what comes in, what is decided and what follows are the steps of one turn.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

from config.settings import Settings
from fleet.broker.disguise import split_id
from fleet.broker.lease import LeaseLost
from fleet.broker.presence import WorkerKinds, WorkerLevels, Workers
from fleet.broker.refusals import BrokerRefusal
from fleet.broker.results import BrokerState, Results
from fleet.control.control import FARM, ControlChange
from fleet.control.request import retried
from fleet.coordinator.alive_file import AliveFile
from fleet.coordinator.farms import together
from fleet.coordinator.inbox import Event, Inbox, Network, ProviderAnswered, Reload, Stop, TermsStated
from fleet.coordinator.ledger_trouble import LedgerTrouble
from fleet.coordinator.observers import Observer, Observers
from fleet.coordinator.reload.desk import ReloadOutcome
from fleet.coordinator.reload.reloading import Reloading
from fleet.coordinator.scheduling.failover import Failover
from fleet.coordinator.server_loop import Broker, ServerLoop
from fleet.coordinator.steering.control_watch import ControlsChanged
from fleet.coordinator.steering.steering import Steering
from fleet.coordinator.watcher import Watcher
from fleet.domain.calls import Reply
from fleet.domain.effects import Notice, NoticeKind
from fleet.domain.events import AbandonedSessionStopped, Published
from fleet.errors import RedisHeld

_MAX_WAIT_S = 0.5
_STOPPING = "the farm is stopping; the settings count from its next start"


class Coordinator:
    """Runs the farms of all servers until they are drained.

    `failover_s` are the seconds after which servers of a later priority are mined at, and left again.
    Raises LedgerError when a turn can't be written, and RedisHeld when another coordinator takes over this Redis;
    nothing is sent after that.
    """

    def __init__(  # noqa: PLR0913 - every part comes from outside, by name
        self,
        loops: Sequence[ServerLoop],
        *,
        broker: Broker,
        watcher: Watcher,
        observer: Observer | None = None,
        alive_file: AliveFile | None = None,
        inbox: Inbox,
        failover_s: tuple[float, float] = (5.0, 30.0),
        steering: Steering | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loops = list(loops)
        self._by_name = {loop.name: loop for loop in loops}
        self._of_miner = {miner_id: loop for loop in loops for miner_id in loop.farm.miners}
        self._farm = together({loop.name: loop.farm for loop in loops})
        self._broker, self._watcher = broker, watcher
        self._observer, self._alive_file = observer or Observers(), alive_file
        self._inbox = inbox
        self._clock = clock
        after_s, back_s = failover_s
        servers = {loop.name: (loop.priority, loop.farm) for loop in loops}
        self._failover = Failover(servers, clock(), after_s=after_s, back_s=back_s)
        #: takes over settings that were read again; None where they never are
        self.reloading: Reloading | None = None
        self._steering = steering
        #: whether it was stopped from outside
        self.asked_to_stop = False
        self._draining = False
        self._wake_at = clock()
        ledger = LedgerTrouble(watcher.ledger)
        for loop in loops:
            loop.join(broker, watcher, self._observer, ledger)

    def run(self, stop_at: float | None = None) -> None:
        """Mine until a Stop arrives or the clock passes `stop_at`, then drain."""
        while not all(loop.ended for loop in self._loops):
            taken = self._inbox.take(min(self._wake_at - self._clock(), _MAX_WAIT_S))
            for loop in self._loops:
                loop.read_again(self._clock())
            self._observer.saw(taken)
            for event in taken:
                self._feed(event, self._clock())
            now = self._clock()
            if stop_at is not None and now >= stop_at:
                self._stop(Stop("time limit reached", asked=False), now)
            hopeless = [loop.check_prospect(now) for loop in self._loops]
            if all(hopeless):
                self._stop(Stop("nothing can be mined here", asked=False), now)
            for loop in self._loops:
                loop.check_drain(now)
            self._carry_out(now)

    def _feed(self, event: Event, now: float) -> None:
        """Process an event. After a `Written`, the next turn carries out the effects that waited for the commit."""
        match event:
            case Reply():
                self._of_miner[event.call.spec.miner_id].on_reply(event, now)
            case Results():
                self._on_results(event, now)
            case Published():
                self._of_miner[event.miner_id].farm.on_published(event, now)
            case BrokerState() | BrokerRefusal() | Workers() | LeaseLost():
                self._on_broker(event, now)
            case WorkerKinds() | WorkerLevels():
                # all servers share the workers
                self._loops[0].farm.workers.hear(event)
            case Network():
                self._watcher.network(event)
            case TermsStated() | ProviderAnswered():
                self._by_name[event.server].on_stated(event, now)
            case AbandonedSessionStopped():
                self._by_name[event.server].on_session_stopped(event, now)
            case Reload():
                self._reload(event)
            case ControlsChanged():
                self._steer(event, now)
            case Stop():
                self._stop(event, now)

    def _on_broker(self, news: BrokerState | BrokerRefusal | Workers | LeaseLost, now: float) -> None:
        if isinstance(news, LeaseLost):
            raise RedisHeld(f"this Redis was taken over by {news.holder}; jobs and sessions are left as they are")
        if isinstance(news, Workers):
            for loop in self._loops:
                loop.farm.on_workers(now, present=news.present, pausing=news.pausing)
            return
        self._watcher.broker(news)
        if isinstance(news, BrokerState) and news.emptied:
            for loop in self._loops:
                loop.farm.on_broker_emptied(now)

    def _on_results(self, results: Results, now: float) -> None:
        """Pass each result to its server. All are acknowledged once every server has written what it got of them."""
        for loop, part in self._parts(results):
            types = [loop.farm.on_result(message, now) for message in part.messages]
            ended = [(job_type, message) for job_type, message in zip(types, part.messages, strict=True) if job_type]
            self._observer.ended(ended, loop.name, now)
            loop.acknowledged += part.entries
        for flaw in results.flaws:
            self._watcher.flaw(flaw)

    def _parts(self, results: Results) -> list[tuple[ServerLoop, Results]]:
        """The results of each server, with its own ids of the jobs. Entries without a job are the first server's."""
        first = self._loops[0]
        if not first.name:
            return [(first, results)]
        parts: dict[str, list[int]] = defaultdict(list)
        messages = []
        for number, message in enumerate(results.messages):
            server, job_id = split_id(message.job_id)
            known = server in self._by_name
            messages.append(replace(message, job_id=job_id) if known else message)
            parts[server if known else first.name].append(number)
        of_messages = set(results.of_messages)
        flawed = tuple(entry for entry in results.entries if entry not in of_messages)
        split = [
            (
                self._by_name[server],
                Results(
                    entries=tuple(results.of_messages[number] for number in numbers),
                    of_messages=tuple(results.of_messages[number] for number in numbers),
                    messages=tuple(messages[number] for number in numbers),
                    flaws=(),
                ),
            )
            for server, numbers in parts.items()
        ]
        return [*split, (first, Results(entries=flawed, of_messages=(), messages=(), flaws=()))]

    def reloaded(self, settings: Settings) -> None:
        """Change between servers after the seconds that these settings give."""
        self._failover.after_s, self._failover.back_s = settings.failover.after_s, settings.failover.back_s

    def _reload(self, reload: Reload) -> None:
        if self.reloading is not None and not self._draining:
            self.reloading.ask(reload)
        else:
            reload.answer(ReloadOutcome(taken=False, lines=(_STOPPING,), later=True))

    def _steer(self, news: ControlsChanged, now: float) -> None:
        """Follow changed controls; in a drain those of hosts and job types. The farm's own drain ends the run."""
        if self._steering is None:
            return
        for notice in self._steering.follow(news.controls, now):
            self._watcher.notice(notice)
        if self._draining:
            return
        for notice in self._steering.retry(retried(news.entries), now):
            self._watcher.notice(notice)
        for entry in news.entries:
            if entry.change is ControlChange.DRAIN and entry.target == FARM:
                self._stop(Stop(f"drained by {entry.who}{f': {entry.reason}' if entry.reason else ''}"), now)

    def _stop(self, stop: Stop, now: float) -> None:
        if self._draining:
            return
        self._draining, self.asked_to_stop = True, stop.asked
        if self.reloading is not None:
            self.reloading.stop(_STOPPING)
        outlooks = [(loop, *loop.begin_drain(now)) for loop in self._loops]
        words = "; ".join(f"{loop.name}: {text}" if loop.name else text for loop, text, _ in outlooks if text)
        self._watcher.stopping(stop.reason, words, max(ends_at for _, _, ends_at in outlooks))
        for loop in self._loops:
            loop.drain_farm(now)

    def _carry_out(self, now: float) -> None:
        if not self._draining:
            if self._steering is not None:
                self._steering.look(now)
            for text in self._failover.look(now):
                self._watcher.notice(Notice(kind=NoticeKind.ANOMALY, miner_id="", text=text))
        routes = self._loops[0].farm.workers.router.look(now)
        if routes is not None:
            self._broker.route(routes)
        self._wake_at = min(loop.carry_out(now) for loop in self._loops)
        if self.reloading is not None:
            new = self.reloading.step(now)
            self._of_miner |= {miner_id: self._by_name[server] for miner_id, server in new.items()}
            self._wake_at = now if new else self._wake_at
        # the one that came first waits for room at the workers last
        self._loops.append(self._loops.pop(0))
        if self._alive_file is not None:
            self._alive_file.tick(self._farm, now)
        self._watcher.tick(self._farm, now)
        self._observer.tick(self._farm, now)
