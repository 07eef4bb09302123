"""A worker host under virtual time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class WorkerHost:
    """The workers of one host. They take messages unless the farm's orders say otherwise, or are not read yet."""

    name: str
    #: processes, and those of them that compute nothing
    processes: int
    free: int
    #: the farm's order for it, as it was last read; empty for none, None before the first look
    order: str | None = ""
    #: whether a drain ends it once it computes nothing, as it ends workers that were there before the drain
    ends: bool = False

    @property
    def takes(self) -> bool:
        """Whether it takes a message now."""
        return self.order == "" and self.free > 0
