"""Orders the miners for their next calls: queues by urgency, timers, and which miners are brought in. Pure."""

from __future__ import annotations

from collections.abc import Callable

from fleet.coordinator.scheduling.queues import Queues
from fleet.domain.calls import CallKind, Urgency
from fleet.miner.miner import Miner
from fleet.ratelimit.governor import Governor
from fleet.ratelimit.openings import Openings

#: urgencies of the calls that open sessions
_OPENINGS = frozenset({Urgency.REOPENING, Urgency.OPENING})


class Timetable:
    """Keeps the miners queued for their calls. Times are monotonic seconds."""

    def __init__(self, governor: Governor, miners: int, opens_singly: Callable[[float], bool]) -> None:
        """`opens_singly` is whether an opening has to wait, at that time, for the answer to another one."""
        self._governor = governor
        #: number of miners that want to be brought in
        self.miners = miners
        self._opens_singly = opens_singly
        self._openings = Openings()
        self.queues = Queues()

    @property
    def takes_more(self) -> bool:
        """Whether the limit carries the heartbeats of one more miner."""
        return self._openings.has_room(self._governor)

    @property
    def left_out(self) -> int:
        """Number of miners that are not started, since the limit has no room for their heartbeats."""
        return 0 if self.takes_more else self.miners - self._openings.inside

    @property
    def all_held(self) -> bool:
        """Whether every waiting call is one that an unavailable server or a full limit holds back."""
        return self.queues.only({Urgency.FETCH} if self.takes_more else {Urgency.FETCH, Urgency.OPENING})

    def holds(self, urgency: Urgency, now: float) -> bool:
        """Whether calls of this urgency open sessions and have to wait, for the limit or for another opening."""
        if urgency is Urgency.OPENING and not self.takes_more:
            return True
        return urgency in _OPENINGS and self._opens_singly(now)

    def enter(self, miner: Miner, now: float) -> None:
        """Queue the miner for its most urgent call that is due, or set a timer for the next one."""
        miner_id, governor = miner.spec.miner_id, self._governor
        urgency, at, outranked_at = miner.agenda(now)
        urgency = self._openings.urgency(miner_id, urgency)
        if at <= now:
            share_at = miner.share.free_at(governor.limit / governor.miners, governor.window_s, now)
            if share_at > now and urgency is not Urgency.HEARTBEAT:
                urgency, outranked_at = Urgency.LAST, min(outranked_at, share_at)
            self.queues.put(miner_id, urgency)
            # a call that is held up must not delay a more urgent one that falls due meanwhile
            at = outranked_at
        else:
            self.queues.drop(miner_id)
        self.queues.wake(miner_id, min(at, miner.wakes_at), now)

    def began(self, miner: Miner, kind: CallKind) -> None:
        """A call of the miner was started."""
        if kind is CallKind.REGISTER:
            self._openings.began(miner.spec.miner_id)

    def left(self, miner: Miner) -> None:
        """The miner could not register, or its session is closed: another one may take its place."""
        self._openings.failed(miner.spec.miner_id)
