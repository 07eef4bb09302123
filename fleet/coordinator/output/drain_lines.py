"""Shows how far a drain is: a bar on a terminal, and a line now and then elsewhere."""

from __future__ import annotations

from fleet.coordinator.farms import AnyFarm
from fleet.coordinator.output.lines import Lines

#: seconds between two lines
_EVERY_S = 5.0


class DrainLines:
    """Prints the open jobs and the miners that are done, and how long the drain lasts at most."""

    def __init__(self, lines: Lines, ends_at: float, now: float) -> None:
        """The drain ends at `ends_at` at the latest. Times are monotonic seconds."""
        self._lines, self._ends_at, self._said_at = lines, ends_at, now
        #: most jobs that were open
        self._jobs = 0

    def tick(self, farm: AnyFarm, now: float) -> None:
        """Show the drain of this farm, if that is due."""
        miners, left = len(farm.miners), len(farm.jobs)
        done = sum(miner.done for miner in farm.miners.values())
        self._jobs = max(self._jobs, left)
        words = f"{left} jobs open, {done} of {miners} miners done"
        at_most = f"at most {max(self._ends_at - now, 0.0):.0f} s to go"
        if self._lines.progress("draining", self._jobs - left + done, self._jobs + miners, f"{words}, {at_most}"):
            return
        if now - self._said_at >= _EVERY_S:
            self._said_at = now
            self._lines.say(f"[STOP]   {words}; {at_most}")
