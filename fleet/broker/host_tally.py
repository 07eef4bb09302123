"""Counts each worker host's computed and failed jobs: which hosts compute, and which keep failing. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from tasks.messages import Outcome, ResultMessage

#: how long after computing a job a host is believed able to compute another, in seconds
_ABLE_S = 120.0
#: most hosts that are remembered: a worker states its own name, and may invent names without end
_MOST_HOSTS = 256
#: failures in a row before the first warning about a host, and the factor to the next warning
_WARN_AT, _WARN_AGAIN = 5, 4


@dataclass(slots=True)
class _Tally:
    """The counts of one host."""

    computed: int = 0
    failed: int = 0
    #: failures since the host last computed a job
    in_row: int = 0
    warn_at: int = _WARN_AT
    computed_at: float = float("-inf")


class Hosts:
    """A tally for each host that sent results."""

    def __init__(self) -> None:
        self._tallies: OrderedDict[str, _Tally] = OrderedDict()

    def ended(self, message: ResultMessage, now: float) -> str | None:
        """Count the end of an attempt. Returns a warning if its host failed many times in a row, else None."""
        tally = self._tallies.setdefault(message.worker, _Tally())
        self._tallies.move_to_end(message.worker)
        if len(self._tallies) > _MOST_HOSTS:
            self._tallies.popitem(last=False)
        if message.outcome is Outcome.COMPUTED:
            tally.computed, tally.computed_at = tally.computed + 1, now
            tally.in_row, tally.warn_at = 0, _WARN_AT
            return None
        tally.failed, tally.in_row = tally.failed + 1, tally.in_row + 1
        if tally.in_row < tally.warn_at:
            return None
        tally.warn_at *= _WARN_AGAIN
        return (
            f"{message.worker or 'a nameless worker'} failed {tally.in_row} times in a row, {tally.failed} jobs in all "
            f"beside {tally.computed} that it computed: {message.error}"
        )

    def able(self, now: float) -> frozenset[str]:
        """Hosts that computed a job lately."""
        return frozenset(host for host, tally in self._tallies.items() if now - tally.computed_at <= _ABLE_S)
