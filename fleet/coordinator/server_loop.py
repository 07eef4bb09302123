"""One server's part of the loop: its farm, its writes, its calls and its drain.

One file: the order of a server's part of a turn is read in one place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from config.settings import Settings
from fleet.broker.routes import Routes
from fleet.coordinator.calls import NETWORK_REQUESTS, ServerCalls
from fleet.coordinator.inbox import ProviderAnswered, TermsStated
from fleet.coordinator.ledger_trouble import LedgerTrouble
from fleet.coordinator.observers import Observer
from fleet.coordinator.pending import Bookkeeping, Pending, TurnEffects
from fleet.coordinator.provider import Provider
from fleet.coordinator.scheduling.drain import Drain
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.watcher import Watcher
from fleet.domain.calls import Reply, Urgency, job_given
from fleet.domain.effects import Dispatch, Notice, NoticeKind, Write
from fleet.domain.events import AbandonedSessionStopped
from fleet.domain.saved_state import AbandonedSession
from fleet.domain.turn import NEVER
from fleet.miner.abandoned import closing_rows, is_over
from fleet.server.prospect import Prospect

#: how long to wait for a last commit after the end of a drain, in seconds
_LAST_COMMIT_S = 15.0
#: seconds until abandoned sessions that the server has not stopped are tried again
_STOP_AGAIN_S = 60.0


class Broker(Protocol):
    """Dispatches jobs and acknowledges results."""

    def dispatch(self, order: Dispatch) -> None:
        """Publish a job soon."""

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """Remove results from the stream."""

    def route(self, routes: Routes) -> None:
        """Send jobs by these routes from now on."""


class ServerLoop:
    """Serves one server. Results and calls of one server never wait for the other's ledger rows.

    `name` is empty for the only server. With `describes_hosts`, the server is told once what the hosts have.
    Raises LedgerError when a turn can't be written.
    """

    def __init__(  # noqa: PLR0913 - every part comes from outside, by name
        self,
        *,
        farm: Farm,
        books: Bookkeeping,
        calls: ServerCalls,
        drain_s: float,
        call_deadline_s: float = 15.0,
        network_every_s: float,
        prospect: Prospect | None = None,
        abandoned: Sequence[AbandonedSession] = (),
        name: str = "",
        priority: int = 1,
        describes_hosts: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.priority = name, priority
        self.farm = farm
        self._books = books
        self._calls = calls
        self._broker: Broker
        self._watcher: Watcher
        self._observer: Observer
        self._pending: Pending
        self._drain_s, self._call_deadline_s = drain_s, call_deadline_s
        self._network_every_s = network_every_s
        self._network_at = clock()
        self.prospect = prospect
        self._provider = Provider(wanted=describes_hosts)
        #: sessions of miners that are not wanted any more, and when the server is next asked to stop them
        self._abandoned, self._abandoned_at = list(abandoned), clock()
        self._clock = clock
        #: decides when open jobs and farewells are given up; None before the drain
        self.drain: Drain | None = None
        #: entries of the results stream to acknowledge once this turn is written
        self.acknowledged: list[bytes] = []
        #: replies that wait until the ledger can be read for their job
        self._unread: list[Reply] = []

    def reloaded(self, settings: Settings) -> None:
        """Drain and ask for the network's figures as these settings say."""
        self._drain_s, self._network_every_s = settings.drain_s, settings.output.status_every_s

    def join(self, broker: Broker, watcher: Watcher, observer: Observer, ledger: LedgerTrouble) -> None:
        """Become part of a coordinator, which provides what all servers share."""
        self._broker, self._watcher, self._observer = broker, watcher, observer
        self._pending = Pending(self._books, self._do, partial(ledger.say, self.name), server=self.name)

    @property
    def ended(self) -> bool:
        """Whether it is drained, and everything is written."""
        return self.farm.done and not self._pending.late

    def read_again(self, now: float) -> None:
        """Process the replies that waited for the ledger."""
        unread, self._unread = self._unread, []
        for reply in unread:
            self.on_reply(reply, now)

    def on_session_stopped(self, stopped: AbandonedSessionStopped, now: float) -> None:
        """A session that was left to no miner was stopped, or not."""
        for _ in range(stopped.requests):
            self.farm.governor.sent(now, awaited=False)
        if is_over(stopped):
            self._abandoned = [one for one in self._abandoned if one != stopped.session]
        for effect in closing_rows(stopped):
            if isinstance(effect, Notice):
                self._watcher.notice(effect)
            elif isinstance(effect, Write):
                self._pending.writes.append(effect)

    def on_reply(self, reply: Reply, now: float) -> None:
        """A miner's call ended."""
        job_id = job_given(reply)
        if job_id is not None and not self._books.knows(job_id):
            self._unread.append(reply)
            return
        for _ in range(reply.exchange.requests - 1):
            self.farm.governor.sent(now, awaited=False)
        self.farm.on_reply(reply, now)
        if self.prospect is not None:
            self.prospect.observe(reply.outcome)

    def on_stated(self, stated: TermsStated | ProviderAnswered, now: float) -> None:
        """The server was asked for its reward rule, or told what the hosts have."""
        if isinstance(stated, ProviderAnswered):
            kind = NoticeKind.CALL_FAILED if stated.failed else NoticeKind.REGISTERED
            self._watcher.notice(Notice(kind=kind, miner_id=stated.miner_id, text=stated.text))
            return
        for _ in range(stated.requests - 1):
            self.farm.governor.sent(now, awaited=False)
        if stated.terms is not None:
            self.farm.auto.seen.terms(stated.terms, stated.asked_at)

    def check_prospect(self, now: float) -> bool:
        """Report why the server has never assigned a job. Returns whether waiting longer for it is pointless."""
        if self.prospect is None:
            return False
        news = self.prospect.news()
        if news is not None:
            self._notice(Notice(kind=NoticeKind.ANOMALY, miner_id="", text=news.text))
        return self.prospect.reason_to_stop(now) is not None

    def begin_drain(self, now: float) -> tuple[str, float]:
        """Decide how long the drain lasts. Returns a warning, empty when nothing waits, and the latest end."""
        self.drain = Drain(now, self._drain_s, self._call_deadline_s)
        return self._review(self.drain, now), self.drain.ends_at

    def drain_farm(self, now: float) -> None:
        """Fetch nothing more; while the server refuses this address, end at once."""
        self.farm.drain(now)
        self._leave_if_banned(now)

    def check_drain(self, now: float) -> None:
        """Give up the open jobs, unless the limit has room for them soon, and after a while the farewells."""
        drain = self.drain
        if drain is None or now < drain.give_up_at or self._leave_if_banned(now):
            return
        if not drain.given_up:
            self._review(drain, now)
            drain.given_up = now >= drain.give_up_at
            if drain.given_up:
                self.farm.give_up(now)
        elif reason := drain.farewells_end(self.farm.server.last_answer_at, now):
            self.farm.leave(reason, now)

    def carry_out(self, now: float) -> float:
        """Write the turn and carry it out. Returns when the next one is due."""
        self._pending.finish()
        if self._pending.late and self.drain is not None and self.drain.given_up:
            self._pending.give_up_after(_LAST_COMMIT_S)
        turn = self.farm.turn(now, heartbeats_only=self._pending.late)
        acknowledged, self.acknowledged = self.acknowledged, []
        self._pending.write(turn, acknowledged)
        if now >= self._network_at:
            self._network_at = now + self._network_every_s
            if self._may_ask_network(now):
                for _ in range(NETWORK_REQUESTS):
                    self.farm.governor.sent(now, awaited=False)
                self._calls.ask_network()
        self._ask_terms(now)
        self._describe_hosts(now)
        self._stop_abandoned(now)
        if self.farm.done:
            # the others may drain for longer
            return turn.wake_at
        give_up_at = self.drain.give_up_at if self.drain and not self.drain.given_up else turn.wake_at
        return min(turn.wake_at, self._network_at, give_up_at, self._stops_at(now))

    def _leave_if_banned(self, now: float) -> bool:
        """End a drain at once while the server refuses this address: the ledger keeps open jobs for the next start."""
        banned = self.farm.server.banned(now)
        if banned:
            self.farm.leave(banned, now)
        return bool(banned)

    def _review(self, drain: Drain, now: float) -> str:
        return drain.review(self.farm.outlook(drain.last_sending, now), now)

    def _do(self, effects: TurnEffects) -> None:
        for dispatch in effects.dispatches:
            self._broker.dispatch(dispatch)
        for call in effects.calls:
            self._calls.start(call)
        if effects.acknowledged:
            self._broker.acknowledge(effects.acknowledged)
        # no notice need name the only server
        say = self._notice if self.name else self._watcher.notice
        for notice in effects.notices:
            say(notice)
        self._observer.committed(effects, self._clock())

    def _notice(self, notice: Notice) -> None:
        """Pass a notice on. One that concerns no single miner names the server, where there are several."""
        if self.name and not notice.miner_id:
            notice = replace(notice, text=f"{self.name}: {notice.text}")
        self._watcher.notice(notice)

    def _ask_terms(self, now: float) -> None:
        """Ask for the server's reward rule if it is due and the limit has room."""
        farm = self.farm
        if not farm.draining and farm.auto.seen.terms_due(now) and self._takes_question(now):
            farm.auto.seen.terms_asked(now)
            farm.governor.sent(now, awaited=False)
            self._calls.ask_terms()

    def _describe_hosts(self, now: float) -> None:
        """Tell the server once what the hosts have, if the settings ask for it and the limit has room."""
        farm = self.farm
        if not self._provider.due or farm.draining or not self._takes_question(now):
            return
        described = self._provider.description(farm.miners.values(), farm.workers.stated)
        if described is not None:
            farm.governor.sent(now, awaited=False)
            self._calls.register_provider(described)

    def _takes_question(self, now: float) -> bool:
        """Whether the server and the limit have room for a call that no miner makes."""
        farm = self.farm
        free = not farm.server.away and not farm.server.banned(now)
        return free and farm.governor.free_at(Urgency.SESSION, 0, now) <= now

    def _stop_abandoned(self, now: float) -> None:
        """Stop the sessions that an earlier coordinator left to no miner of this one, again after a while if need be.

        One whose miner was brought in again since is that miner's.
        """
        if now < self._stops_at(now):
            return
        self._abandoned = [one for one in self._abandoned if one.miner_id not in self.farm.miners]
        self._abandoned_at = now + max(_STOP_AGAIN_S, 4 * self._call_deadline_s) if self._abandoned else NEVER
        if self._abandoned:
            self._calls.stop_sessions(tuple(self._abandoned))

    def _stops_at(self, now: float) -> float:
        """When abandoned sessions are stopped; never during a drain or a ban, in which only miners call."""
        server = self.farm.server
        return NEVER if self.farm.draining or server.banned(now) else max(self._abandoned_at, server.free_at)

    def _may_ask_network(self, now: float) -> bool:
        """Whether the network's figures take at most a tenth of the budget; they could use up a tiny one alone.

        After a refusal, the few remaining requests go to the miners.
        """
        farm, governor = self.farm, self.farm.governor
        if farm.done or farm.auto.standing_by or farm.server.banned(now):
            return False
        small = NETWORK_REQUESTS * 10 * governor.window_s <= governor.limit * self._network_every_s
        return small and governor.free_at(Urgency.FETCH, 0, now) <= now
