"""What a worker states of its processes: how many it has, and how many messages it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STATED = re.compile(rb"(\d{1,5}) (\d{1,6}) (\d{1,12})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """One worker's statement. A worker can also write another one's, so it serves display only."""

    #: processes of its pool
    processes: int
    #: messages that it took and has not finished; those beyond the number of processes wait in it
    held: int
    #: rises with each statement, so that one that nobody renews can be recognized without a clock
    number: int

    @property
    def free(self) -> int:
        """Processes without a message."""
        return max(self.processes - self.held, 0)

    @property
    def busy(self) -> int:
        """Processes with a message."""
        return min(self.processes, self.held)

    def encode(self) -> str:
        """The text that stands in Redis."""
        return f"{self.processes} {self.held} {self.number}"


def parse_slots(text: bytes) -> Slots | None:
    """The statement that `encode` made, None for any other text."""
    found = _STATED.fullmatch(text)
    if found is None:
        return None
    processes, held, number = (int(part) for part in found.groups())
    return Slots(processes=processes, held=held, number=number)
