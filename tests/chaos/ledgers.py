"""L1–L3: a ledger that another program locks, a slow disk, and a ledger that is deleted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.acts import Havoc
from tests.chaos.scenes import Scene
from tests.support.locks import locked
from tests.support.processes import eventually
from tests.support.slow_disk import SlowDisk, compiler

_LOCKED_S = 8.0
#: seconds for which the disk is slow, in addition to the syncs that are under way at the end
_SLOW_S = 12.0
#: seconds within which a coordinator without its ledger ends with EX_CANTCREAT
_NOTICED_S, _CANNOT_CREATE = 10.0, 73
_disk: SlowDisk | None = None


@contextmanager
def slow_disk_at_hand(folder: Path) -> Iterator[None]:
    """Every coordinator that starts in this block loads the library that can delay syncs. It delays none by itself."""
    global _disk  # noqa: PLW0603 - the processes are forked from one that has loaded it once
    before = dict(os.environ)
    if compiler() is not None:
        _disk = SlowDisk(folder / "slow-disk")
        os.environ.update(_disk.environ)
    try:
        yield
    finally:
        _disk = None
        os.environ.clear()
        os.environ.update(before)


def lock_held(havoc: Havoc) -> str | None:
    """Another program holds the write lock: mining pauses, sessions stay open, and nothing needs a restart."""
    farm = havoc.farm
    with locked(farm.ledger, _LOCKED_S) as holder:
        holder.wait()
    if not farm.lives:
        return f"the coordinator ended with {farm.life.exit_code}: {farm.life.words()}"
    if f"(pid {holder.pid})" not in farm.life.words():
        return f"the holder is not named: {farm.life.words()}"
    open_now = farm.counters()["sessions_open"]
    return None if farm.keeps(open_now) else f"{open_now} sessions of {farm.setup.miners} live"


def slow_disk(seconds: float) -> Callable[[Havoc], str | None]:
    """Each sync takes `seconds` longer for a while."""

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


def deleted(havoc: Havoc) -> str | None:
    """The ledger is deleted: the coordinator ends, creates no empty one, and continues once the files are restored."""
    farm, ledger = havoc.farm, havoc.farm.ledger
    ended = farm.life
    for path in ledger.parent.glob(f"{ledger.name}*"):
        path.unlink()
    if ended.ended_at(_NOTICED_S) is None or ended.exit_code != _CANNOT_CREATE:
        return f"it ended with {ended.exit_code}, {_NOTICED_S:g} s after the deletion: {ended.words()}"
    again = farm.born()
    if again.ended_at(_NOTICED_S) is None or ledger.exists():
        return f"an empty ledger was begun: {again.words()}"
    saved = sorted(ledger.parent.glob(f"{ledger.name}.rescued-*"))
    if not saved:
        return f"nothing was saved: {ended.words()}"
    saved[-1].rename(ledger)
    havoc.auditor.death()
    farm.born()
    return None


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """L1–L3."""
    return [
        Scene(fault="L1", what=f"ledger locked by another program for {_LOCKED_S:g} s", act=lock_held, trials=2),
        *(
            Scene(fault="L2", what=f"slow disk, each sync takes {seconds:g} s", act=slow_disk(seconds), trials=2)
            for seconds in (0.5, 5.0)
        ),
        Scene(fault="L3", what="ledger deleted while it is written", act=deleted, trials=3),
    ]
