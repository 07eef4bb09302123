"""Opens and closes miners where their number is `auto`, as many as `fleet.earning.controller` decides. Pure.

Sessions are opened a few at a time, the next ones once the last ones are answered, so that the first job of each new
session shows what jobs pay at that number of sessions.

One file: opening, closing and accepting free jobs all follow from the same estimate of the income.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from fleet.coordinator.scheduling.adviser import Adviser
from fleet.coordinator.scheduling.closed_wallets import ClosedWallets
from fleet.coordinator.scheduling.income import IncomeObserver
from fleet.domain.calls import CallKind, Reply
from fleet.domain.effects import Effect
from fleet.domain.events import Closed, FreeJobsWorth, Reopened
from fleet.domain.free_jobs import FreeJobTerms
from fleet.earning.controller import LOOK_EVERY_S, Controller, Reason
from fleet.earning.meter import Meter
from fleet.earning.model import IncomeModel
from fleet.errors import Banned, CallError, NoAnswer, RateLimited, Unreachable
from fleet.miner.miner import Miner
from fleet.ratelimit.governor import Governor

#: share of the open sessions that may be opened at once
_AT_ONCE = 0.25
#: a free job is ignored if its requests or its compute are estimated to earn this many times its reward elsewhere
_CLEARLY = 1.1
#: smaller relative changes of these estimates are not passed on to the miners
_SAME = 0.05
#: shortest wait for a worker that is taken into account, in seconds, and the factor by which it may grow
_LEAST_WAIT_S, _MARGIN = 5.0, 1.25
#: seconds until a miner whose session could not be opened is tried again
_TRY_AGAIN_S = 600.0
#: calls that open a session, and errors of theirs that say nothing about the miner
_OPENING, _NOT_ITS_OWN = (
    frozenset({CallKind.REGISTER, CallKind.START_SESSION}),
    (Unreachable, NoAnswer, Banned, RateLimited),
)
#: seconds that the number of sessions must have stayed the same before advice is given
_STEADY_S = 6.0


class AutoMiners:
    """Follows the controller. `pinned` miners stay open.

    It starts with the sessions that an earlier coordinator left open. If `follows` is False, all miners stay open and
    the income is only measured.
    """

    def __init__(
        self,
        miners: Iterable[Miner],
        governor: Governor,
        *,
        pinned: Collection[str],
        heartbeat_s: float,
        now: float,
        follows: bool = True,
    ) -> None:
        self._miners, self._governor = list(miners), governor
        self._pinned = frozenset(pinned if follows else (miner.spec.miner_id for miner in self._miners))
        self.meter = Meter(heartbeat_s=heartbeat_s)
        self.meter.limit(governor.limit, governor.window_s)
        self.seen = IncomeObserver(self.meter, now)
        self.adviser = Adviser()
        #: whether sessions are opened and closed
        self.follows = follows
        self.controller = Controller(self.meter, least=len(self._pinned), most=len(self._miners), now=now)
        #: whether all sessions are closed, since the farm mines at another server
        self.standing_by = False
        #: whether sessions open at once, since the income of their number is known from before
        self._at_once = False
        #: ids of miners that the server last refused a session
        self._refused: set[str] = set()
        #: ids of refused miners, in whose place others are opened → when they are tried again
        self._set_aside: dict[str, float] = {}
        self._closed_wallets = ClosedWallets(governor, now)
        #: ids of miners that an operator or a schedule has paused, so that they are not opened
        self.paused: frozenset[str] = frozenset()
        #: when the number of sessions is next reviewed
        self.look_at = now
        #: ids of miners that were open at any time
        self.used: set[str] = {miner.spec.miner_id for miner in self._miners if not follows or miner.left_open}
        if follows:
            for miner in self._miners:
                if not miner.left_open:
                    miner.on(Closed(), now)
            self.controller.begin(len(self.used))
            self._follow(max(len(self.used), 1), now)

    @property
    def own(self) -> int:
        """Number of our sessions that the server counts."""
        return self.seen.own

    @property
    def model(self) -> IncomeModel:
        """The model of the income, from what was observed so far."""
        return self.controller.model

    @property
    def stay_open(self) -> int:
        """Number of miners that stay open even if they cost income."""
        return len(self._pinned)

    def join(self, miners: Sequence[Miner], now: float) -> None:
        """Take in miners that are new, or that were removed and are wanted again."""
        for miner in miners:
            self._miners.append(miner)
            if self.follows or self.standing_by:
                miner.on(Closed(), now)
            else:
                self.used.add(miner.spec.miner_id)

    def leave(self, miners: Sequence[Miner], now: float) -> None:
        """Close these miners' sessions once their jobs are finished, and never open them again."""
        gone = {miner.spec.miner_id for miner in miners}
        self._miners = [miner for miner in self._miners if miner.spec.miner_id not in gone]
        self._refused -= gone
        self._set_aside = {miner_id: at for miner_id, at in self._set_aside.items() if miner_id not in gone}
        for miner in miners:
            miner.on(Closed(), now)

    def count_again(self, pinned: Collection[str], now: float) -> None:
        """After miners have joined or left: from now on, those of `pinned` stay open."""
        self._pinned = frozenset(pinned if self.follows else (miner.spec.miner_id for miner in self._miners))
        known, aside = {miner.spec.miner_id for miner in self._miners}, self._set_aside.keys()
        self._pinned &= known
        self.controller.reach(len(self._pinned - aside), len(self._miners) - len(aside))
        if not self.follows:
            self._governor.keeps(max(len(self._miners), 1))
        self.look_at = now

    def ended(self, reply: Reply, miner: Miner, now: float) -> None:
        """A call ended, and its miner has processed it."""
        self.seen.ended(reply, miner, now)
        if reply.call.kind in _OPENING and not isinstance(reply.outcome, _NOT_ITS_OWN):
            change = self._refused.add if isinstance(reply.outcome, CallError) else self._refused.discard
            change(miner.spec.miner_id)

    def pause(self, paused: Collection[str], now: float) -> None:
        """Open none of these miners from now on, and any other again."""
        self.paused, self.look_at = frozenset(paused), now
        self._bound()

    def stand_by(self, now: float) -> list[Miner]:
        """Close all sessions until `resume`. Returns the miners that were closed."""
        self.standing_by = True
        closed = [miner for miner in self._miners if not miner.draining]
        for miner in closed:
            miner.on(Closed(), now)
        # those that were never opened are not in use
        self.used -= {miner.spec.miner_id for miner in closed if miner.done}
        return closed

    def resume(self, now: float) -> None:
        """Open sessions again at the next `look`, which is due."""
        self.standing_by, self._at_once, self.look_at = False, self.model.ready, now
        self.controller.resume(now)

    def look(self, now: float, *, at_workers: int) -> tuple[list[Miner], list[str]]:
        """The miners that were opened or closed, or whose total is due, and lines for the operator.

        Call it at `look_at`. `at_workers` jobs of these miners await a worker's result.
        """
        self.look_at = now + LOOK_EVERY_S
        wait_s = self.meter.compute.wait_s(at_workers, now) * _MARGIN
        if self.standing_by:
            return [], []
        self.meter.limit(self._governor.limit, self._governor.window_s)
        self.seen.look()
        per_minute = self._governor.limit * 60 / self._governor.window_s
        decision = self.controller.look(self.own, now, requests_per_minute=per_minute)
        notices = list(decision.notices)
        if decision.reason is Reason.UNREACHED:
            notices += self._put_aside(now)
        self._reach(now)
        self._price_free_jobs(wait_s, now)
        if not self.follows:
            return self._reopened(now), notices
        changed = self._follow(self.controller.target, now)
        self._governor.keeps(max(sum(not miner.done for miner in self._miners), 1))
        return [*changed, *self._closed_wallets.look(self._miners, now)], notices

    def _price_free_jobs(self, wait_s: float, now: float) -> None:
        """Set what the miners take without a fetch: all jobs, unless requests or workers are short."""
        terms = FreeJobTerms(wait_s=wait_s if wait_s >= _LEAST_WAIT_S else 0.0)
        if self.model.ready:
            worth = self.model.compute_worth(self.own)
            terms = replace(terms, compute={name: Decimal(nnet / _CLEARLY) for name, nnet in worth.items()})
            if self._governor.used_up(now):
                terms = replace(terms, requests=Decimal(self.model.free_job_worth(self.own) / _CLEARLY))
        if terms.alike(self.seen.free_terms, _SAME):
            return
        self.seen.free_terms = terms
        for miner in self._miners:
            miner.on(FreeJobsWorth(terms), now)

    def advise(self, now: float, *, hosts: int, at_end: bool = False) -> list[Effect]:
        """The advice and forecast to write and print if they are due, as they are `at_end` of a run. `hosts` compute.

        There is none while sessions open or close, or wait for the limit to be known, or while it is being learnt.
        """
        opening = now - self.seen.steady_since < _STEADY_S or (
            self.own < self.stay_open and self._governor.first_window
        )
        if self.standing_by or self._governor.learning or (opening and not at_end):
            return []
        if not at_end and now < self.adviser.due_at:
            return []
        self.meter.look()
        model, rests = self.meter.model(), self.controller.at_rest
        return self.adviser.write(model, now, own=self.own, hosts=hosts, stay_open=self.stay_open, at_rest=rests)

    def _put_aside(self, now: float) -> list[str]:
        """Set refused miners aside, so that others open in their place. Returns lines to print."""
        found = [
            miner.spec.miner_id
            for miner in self._miners
            if not miner.draining and not miner.in_session and miner.spec.miner_id in self._refused
        ]
        self._set_aside |= dict.fromkeys(found, now + _TRY_AGAIN_S)
        if len(self._set_aside.keys() | self.paused) == len(self._miners):
            # then the cause is not the miners: all of them try again in turn
            self._set_aside.clear()
            self._bound()
        some = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        return [f"the server gives no session to {some}; other miners are opened in their place"] if found else []

    def _reach(self, now: float) -> None:
        """Update how many miners the controller can open: all but those that were set aside."""
        if not self._set_aside:
            return
        for miner in self._miners:
            miner_id = miner.spec.miner_id
            if miner.in_session or self._set_aside.get(miner_id, now) <= now:
                self._set_aside.pop(miner_id, None)
        self._bound()

    def _bound(self) -> None:
        """Let the controller open all miners but those that were set aside or paused."""
        barred = self._set_aside.keys() | self.paused
        self.controller.reach(len(self._pinned - barred), len(self._miners) - len(barred))

    def _follow(self, target: int, now: float) -> list[Miner]:
        wanted = [miner for miner in self._miners if not miner.draining and miner.spec.miner_id not in self.paused]
        spare = [miner for miner in wanted if miner.spec.miner_id not in self._pinned]
        given_up = [miner for miner in spare if miner.spec.miner_id in self._set_aside]
        wanted = [miner for miner in wanted if miner.spec.miner_id not in self._set_aside]
        if given_up or len(wanted) > target:
            # the ones that opened last are the first to close
            closing = [miner for miner in spare[::-1] if miner not in given_up][: max(len(wanted) - target, 0)]
            for miner in (*given_up, *closing):
                miner.on(Closed(), now)
            return [*given_up, *closing]
        waiting = sum(not miner.in_session for miner in wanted)
        self._at_once = self._at_once and len(wanted) < target
        room = target if self._at_once else max(1, int(self.own * _AT_ONCE)) - waiting
        opening = sorted(
            (miner for miner in self._miners if miner.draining and miner.done and self._may_open(miner)),
            key=lambda miner: miner.spec.miner_id not in self._pinned,
        )[: max(min(target - len(wanted), room), 0)]
        return self._open(opening, now)

    def _reopened(self, now: float) -> list[Miner]:
        """Open all miners again that `stand_by` closed, as soon as each has finished its jobs."""
        return self._open([one for one in self._miners if one.draining and one.done and self._may_open(one)], now)

    def _open(self, miners: list[Miner], now: float) -> list[Miner]:
        for miner in miners:
            miner.on(Reopened(), now)
            self.used.add(miner.spec.miner_id)
        return miners

    def _may_open(self, miner: Miner) -> bool:
        return miner.spec.miner_id not in self._set_aside and miner.spec.miner_id not in self.paused
