"""A farm whose miners all stay open, as with `--miners N`: its income is only measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleet.coordinator.scheduling.auto_miners import AutoMiners
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.domain.saved_state import Prior
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.ratelimit.governor import Governor


def all_open(
    miners: Sequence[Miner],
    governor: Governor,
    find: Callable[[str], Prior | None] = lambda _: None,
    *,
    max_calls: int = 16,
    max_at_workers: int = 64,
    now: float = 0.0,
    backoff: Backoff | None = None,
) -> Farm:
    """The farm of these miners at one server."""
    auto = AutoMiners(miners, governor, pinned=(), heartbeat_s=30.0, now=now, follows=False)
    return Farm(
        miners, governor, find, max_calls=max_calls, max_at_workers=max_at_workers, now=now, auto=auto, backoff=backoff
    )
