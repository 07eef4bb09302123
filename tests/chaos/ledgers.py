"""L1–L2: a ledger that another program locks, and a disk that takes its time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos.acts import Havoc
from tests.chaos.scenes import Scene
from tests.support.locks import locked
from tests.support.processes import eventually
from tests.support.slow_disk import SlowDisk, compiler

_LOCKED_S = 8.0
#: how long the disk is slow, beside the syncs that are under way then
_SLOW_S = 12.0
_disk: SlowDisk | None = None


def prepare(folder: Path) -> None:
    """Load what delays syncs into every coordinator that is born from now on; it delays nothing by itself."""
    global _disk  # noqa: PLW0603 - the processes are forked from one that has loaded it once
    if compiler() is not None:
        _disk = SlowDisk(folder / "slow-disk")
        os.environ.update(_disk.environ)


def lock_held(havoc: Havoc) -> str | None:
    """Another program holds the write lock: the mining pauses, the sessions live, nobody has to start anything."""
    farm = havoc.farm
    with locked(farm.ledger, _LOCKED_S) as holder:
        holder.wait()
    if not farm.lives:
        return f"the coordinator ended with {farm.life.exit_code}: {farm.life.words()}"
    if f"(pid {holder.pid})" not in farm.life.words():
        return f"the holder is not named: {farm.life.words()}"
    open_now = farm.counters()["sessions_open"]
    return None if open_now == farm.setup.miners else f"{open_now} sessions of {farm.setup.miners} live"


def slow_disk(seconds: float) -> Callable[[Havoc], str | None]:
    """Each sync takes so much longer for a while."""

    def act(havoc: Havoc) -> str | None:
        farm = havoc.farm
        if _disk is None:
            return "no C compiler, so that no disk can be made slow: apt-get install gcc"
        try:
            _disk.delay(seconds)
            time.sleep(_SLOW_S)
        finally:
            _disk.delay(0)
        if not farm.lives:
            return f"the coordinator ended with {farm.life.exit_code}: {farm.life.words()}"
        said = "the ledger's disk is slow"
        if seconds > 1:
            eventually("a line about the slow disk", lambda: said in farm.life.words(), 2 * seconds)
        return None

    return act


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """L1–L2."""
    return [
        Scene(fault="L1", what=f"ledger locked by another program for {_LOCKED_S:g} s", act=lock_held, trials=2),
        *(
            Scene(fault="L2", what=f"slow disk, each sync takes {seconds:g} s", act=slow_disk(seconds), trials=2)
            for seconds in (0.5, 5.0)
        ),
    ]
