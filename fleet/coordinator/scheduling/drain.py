"""How long a drain lasts, since submissions may have to wait for room in the server's limit. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.miner.policy import LONGEST_DRAIN_S
from fleet.miner.resends import Resends
from fleet.ratelimit.governor import Governor

#: time between sending the last submission and its answer, in seconds
_MARGIN_S = 5.0
#: longest time from the latest end of the wait for the limit to the end of the drain, in seconds
_FAREWELLS_S = 45.0
#: silence of the server beyond the deadline of one call after which the sessions are left as they are, in seconds
_SILENCE_S = 25.0
#: waits shorter than this are not reported, in seconds
_SHORT_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """How many jobs a farm has left to submit, and when the server's limit has room for them."""

    #: jobs that may still be paid
    open_jobs: int
    #: monotonic seconds at which the last of their submissions can be sent
    clear_at: float
    #: number of jobs that can't be submitted before the drain has to end
    left: int

    @classmethod
    def of(cls, open_jobs: int, resends: Resends, governor: Governor, last_sending: float, now: float) -> Outlook:
        """The outlook for `open_jobs` jobs when nothing is sent after `last_sending`, in monotonic seconds."""
        needed = resends.needed(open_jobs)
        in_time = resends.jobs(governor.sendable_by(last_sending, needed, now))
        return cls(open_jobs=open_jobs, clear_at=governor.sendable_at(needed, now), left=max(open_jobs - in_time, 0))


class Drain:
    """Decides when open jobs are given up, and then the farewells. Times are monotonic seconds."""

    def __init__(self, begun_at: float, allowed_s: float, call_deadline_s: float = 15.0) -> None:
        #: the latest time to wait for the limit
        self.latest = begun_at + max(allowed_s, LONGEST_DRAIN_S)
        self.give_up_at = begun_at + allowed_s
        #: whether the open jobs were given up
        self.given_up = False
        self._silence_s = call_deadline_s + _SILENCE_S

    @property
    def last_sending(self) -> float:
        """The latest time to send a submission whose answer still arrives in time."""
        return self.latest - _MARGIN_S

    @property
    def ends_at(self) -> float:
        """The latest end of the drain."""
        return self.latest + _FAREWELLS_S

    def farewells_end(self, last_answer_at: float, now: float) -> str:
        """Why the stops and totals that are left are given up, empty while there is time for them.

        `last_answer_at` is when the server last answered, or the limit last held a call back.
        """
        if now >= self.ends_at:
            return "the drain took too long"
        if now >= max(self.give_up_at, last_answer_at) + self._silence_s:
            return "the server does not answer"
        return ""

    def review(self, outlook: Outlook, now: float) -> str:
        """Extend the drain until the limit has room for the open jobs. Returns a message, empty when nothing waits."""
        if not outlook.open_jobs or outlook.clear_at <= now:
            return ""
        self.give_up_at = min(max(self.give_up_at, outlook.clear_at + _MARGIN_S), self.latest)
        wait_s = outlook.clear_at - now
        if wait_s < _SHORT_S:
            return ""
        words = f"{outlook.open_jobs} jobs are open; the request limit has room for all of them in {wait_s:.0f} s"
        if not outlook.left:
            return words
        return f"{words}; about {outlook.left} will be left unpaid, since the drain ends in {self.latest - now:.0f} s"
