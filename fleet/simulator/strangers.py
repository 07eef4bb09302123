"""Other people's miners: how many of them have a session, over time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b

from fleet.simulator.errors import OptionError
from fleet.simulator.records import Contributor

_MOST = 10_000_000
_STEP = re.compile(r"(\d+)(?:@(\d+(?:\.\d+)?)(s|m|h)?)?")
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Strangers:
    """A schedule of other miners' sessions."""

    #: (second since the schedule's start, number from then on), in order of time; 0 miners before the first
    steps: tuple[tuple[float, int], ...] = ()

    def __post_init__(self) -> None:
        times = [at_s for at_s, _ in self.steps]
        if times != sorted(times) or any(not 0 <= number <= _MOST for _, number in self.steps):
            raise OptionError("strangers", self.steps, f"in order of time, each number 0 … {_MOST:,}")

    def number_at(self, elapsed_s: float) -> int:
        """How many there are, `elapsed_s` seconds after the schedule's start."""
        return next((number for at_s, number in reversed(self.steps) if at_s <= elapsed_s), 0)


def parse_strangers(text: str) -> Strangers:
    """Parse `N` or `N@TIME,N@TIME`, where a time is seconds, or has the unit s, m or h."""
    steps = []
    for part in text.split(","):
        step = _STEP.fullmatch(part.strip())
        if step is None:
            raise OptionError("strangers", text, "N, or N@TIME,N@TIME such as 0@0s,100@10m")
        steps.append((float(step[2] or 0) * _UNITS_S[step[3]], int(step[1])))
    return Strangers(steps=tuple(steps))


def stranger(number: int) -> Contributor:
    """The record of the stranger with this number: a registered miner that has earned nothing yet."""
    address = "neo1" + blake2b(f"stranger {number}".encode(), digest_size=20).hexdigest()
    return Contributor(contributor_id=address, cpu_cores=8, gpu_memory_mb=0, gpu_model="", registered_at=0)
