"""Whether the server takes calls and pays for jobs: no ban of this address, no outage. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection

from fleet.coordinator.scheduling.ban import Ban
from fleet.coordinator.scheduling.outage import Outage
from fleet.coordinator.scheduling.paying import Paying
from fleet.domain.calls import Reply
from fleet.domain.effects import BanChanged
from fleet.domain.turn import NEVER
from fleet.errors import SERVER_AWAY, Banned, NoAnswer, Unreachable
from fleet.miner.backoff import Backoff


class Reachability:
    """Concludes from the outcomes of all calls whether the server can be called. Times are monotonic seconds.

    `callers` gives the ids of the miners that make calls.
    """

    def __init__(
        self, callers: Callable[[], Collection[str]], backoff: Backoff, rng: random.Random, now: float
    ) -> None:
        self._ban = Ban()
        self._ban_changed: BanChanged | None = None
        self._outage = Outage(callers, backoff, rng, now)
        self.pay = Paying()
        #: whether the farm drains, which an outage does not delay
        self.draining = False
        #: whether an operator or a schedule has paused the whole server, so that another one is mined at
        self.paused = False
        #: when the server last answered, or the limit last held a call back
        self.last_answer_at = now

    @property
    def away(self) -> bool:
        """Whether the server is taken to be unavailable."""
        return self._outage.known

    @property
    def probe_at(self) -> float:
        """When one call may probe an unavailable server for all miners; -inf where calls need not wait for that."""
        return -NEVER if self.draining else self._outage.asks_at

    @property
    def free_at(self) -> float:
        """When the next call may be made, -inf if at once."""
        return max(self._ban.free_at, self.probe_at)

    def banned(self, now: float) -> str:
        """Why the server is not called: it has banned this address. Empty without a ban."""
        return self._ban.words(now)

    def unpaid_s(self, now: float) -> float:
        """For how long the server has answered without paying for a job, in seconds; 0 while that is not unusual."""
        return 0.0 if self.away or self.banned(now) else self.pay.unpaid_s(now)

    def remember_ban(self, wait_s: float, now: float) -> None:
        """An earlier coordinator was banned: no call is made for `wait_s` seconds, then one that probes."""
        self._ban.remembered(wait_s, now)

    def ban_changed(self) -> BanChanged | None:
        """What the next start has to know of a ban, if that changed since the last time."""
        changed, self._ban_changed = self._ban_changed, None
        return changed

    def sent(self, now: float) -> None:
        """A call is made."""
        if self.away:
            self._outage.asked(now)
        self._ban.sent(now)

    def probed(self, now: float) -> None:
        """A probe was due. The next one comes after a pause, whether or not a miner had a call to make."""
        if self._outage.asks_at <= now:
            self._outage.asked(now)

    def ended(self, reply: Reply, now: float, *, waits: bool) -> tuple[str, bool]:
        """A call ended. `waits` is whether its miner now waits before its next call.

        Returns a line to print, empty if none, and whether all waits for the server are over.
        """
        outcome = reply.outcome
        self.pay.ended(reply, now)
        if not isinstance(outcome, NoAnswer | Unreachable):
            self.last_answer_at = now
        if isinstance(outcome, Banned):
            before = self._ban.free_at
            began = self._ban.refused(outcome, reply.sent_at, now)
            if self._ban.free_at != before:
                self._ban_changed = BanChanged(wait_s=self._ban.free_at - now)
            return (f"{outcome}: {self._ban.words(now)}; results are kept" if began else ""), False
        if isinstance(outcome, SERVER_AWAY):
            if waits:
                self._outage.failed(reply.call.spec.miner_id, now)
            return "", False
        unbanned = self._ban.answered(reply.sent_at, now)
        if unbanned:
            self._ban_changed = BanChanged(wait_s=None)
        back = self._outage.answered(now)
        return ("the server takes calls from this address again" if unbanned else ""), back or unbanned
