"""W9: no worker computes; the farm says so and takes no jobs."""

from __future__ import annotations

import time

from tests.chaos.acts import Havoc
from tests.chaos.scenes import Scene
from tests.support.processes import eventually

_WORDS = "[WARN]   no worker takes jobs"
#: seconds within which the farm must say so
_SAID_S = 10.0
#: further seconds without a worker
_ALONE_S = 10.0


def no_worker(havoc: Havoc) -> str | None:
    """All worker hosts are killed: the farm says so, asks for no job, and keeps every session."""
    farm = havoc.farm
    said = farm.life.log.read_text(encoding="utf-8").count(_WORDS)
    for host in farm.hosts:
        host.kill()
    gone_at = time.monotonic()
    eventually("a word", lambda: farm.life.log.read_text(encoding="utf-8").count(_WORDS) > said)
    said_s = time.monotonic() - gone_at
    before = farm.counters()
    time.sleep(_ALONE_S)
    after = farm.counters()
    for host in farm.hosts:
        host.start()
    for host in farm.hosts:
        host.ready()
    if said_s > _SAID_S:
        return f"it was said after {said_s:.1f} s"
    if after["assigned"]["task"] != before["assigned"]["task"]:
        return f"{after['assigned']['task'] - before['assigned']['task']} jobs were asked for, for no worker"
    return None if farm.keeps(after["sessions_open"]) else f"{after['sessions_open']} sessions live"


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """W9."""
    what = f"no worker for {_ALONE_S:g} s: said within {_SAID_S:g} s, no job is asked for"
    return [Scene(fault="W9", what=what, act=no_worker, trials=2)]
