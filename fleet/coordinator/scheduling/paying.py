"""Whether a server that answers also pays for jobs, compared with its own usual pace. Pure."""

from __future__ import annotations

from fleet.domain.amounts import ZERO
from fleet.domain.answers import Receipt
from fleet.domain.calls import CallKind, Reply
from fleet.domain.causes import REFUSED_BEFORE
from fleet.errors import JobCompleted, JobUnknown, Refused
from fleet.health.learned import UsualPace, patience_s

#: answers in a row without a payment after which a server does not pay, if they also last long
_ANSWERS = 5


class Paying:
    """Counts answers that pay for no job since the last payment for one. Times are monotonic seconds.

    Such answers are a receipt of 0 NNET, a refused result, also where the server insists on that job afterwards, and a
    refused fetch. A job that the farm itself failed does not count, nor does silence, since workers may be missing.
    """

    def __init__(self) -> None:
        self._pace = UsualPace()
        self._in_vain = 0
        self._since = 0.0

    @property
    def paid_at(self) -> float:
        """When a job was last paid, -inf if none was."""
        return self._pace.last_at

    def begin(self) -> None:
        """Mining begins again here, after another server: nothing is held against this one."""
        self._in_vain = 0

    def ended(self, reply: Reply, now: float) -> None:
        """A call ended."""
        outcome, kind = reply.outcome, reply.call.kind
        if kind is CallKind.SUBMIT:
            paid = isinstance(outcome, JobCompleted) or (isinstance(outcome, Receipt) and outcome.reward > ZERO)
            own_failure = reply.call.result.get("error", REFUSED_BEFORE) != REFUSED_BEFORE
            in_vain = isinstance(outcome, Receipt | Refused | JobUnknown) and not own_failure
        else:
            paid, in_vain = False, kind is CallKind.FETCH and isinstance(outcome, Refused)
        if paid:
            self._pace.seen(0.0, now)
            self._in_vain = 0
        elif in_vain:
            self._since = self._since if self._in_vain else now
            self._in_vain += 1

    def unpaid_s(self, now: float) -> float:
        """For how long the server has answered without paying for a job, in seconds; 0 while that is not unusual."""
        lasted_s = now - self._since
        return lasted_s if self._in_vain >= _ANSWERS and lasted_s >= patience_s(self._pace) else 0.0
