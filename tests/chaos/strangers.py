"""R9, W11: someone with a password of the farm's Redis breaks what it permits, and is then dismissed."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil
import redis

from fleet.hosts.redis_acl import Role, users_file
from tasks.messages import JOBS_QUEUE, RESULTS_GROUP, RESULTS_STREAM
from tests.chaos import acts
from tests.chaos.acts import Havoc
from tests.chaos.farm import Farm
from tests.chaos.scenes import Scene
from tests.support.broken import genuine
from tests.support.processes import ROOT, eventually

_HOSTILE_S = 10.0
#: seconds within which the pace must be back after the dismissal
_BACK_S = 10.0
_WINDOW_S = 2.0
#: share of the earlier pace that counts as back
_SHARE = 0.8
#: growth of the coordinator's memory that is tolerated
_GROWTH_BYTES = 200 * 1024 * 1024
_HOST = "evil"
_PASSWORD = "a-password-that-was-stolen"

Deed = Callable[[redis.Redis], Any]


def _replaced(key: str) -> Deed:
    def deed(client: redis.Redis) -> None:
        client.set(key, "something else")

    return deed


def _swapped_stream(client: redis.Redis) -> None:
    with client.pipeline(transaction=True) as pipeline:
        pipeline.delete(RESULTS_STREAM)
        pipeline.lpush(RESULTS_STREAM, "x")
        pipeline.execute()


#: each breaks one thing permanently, until it is repaired
DEEDS: tuple[Deed, ...] = (
    lambda client: client.xadd(RESULTS_STREAM, {"a": "b"}, id="18446744073709551615-18446744073709551615"),
    lambda client: client.xadd(RESULTS_STREAM, {"a": "b"}, maxlen=0, approximate=False),
    lambda client: client.xgroup_destroy(RESULTS_STREAM, RESULTS_GROUP),
    lambda client: client.delete(JOBS_QUEUE, RESULTS_STREAM),
    _swapped_stream,
    _replaced(JOBS_QUEUE),
    _replaced(RESULTS_STREAM),
    _replaced("unacked"),
    _replaced("unacked_index"),
)


def broken(havoc: Havoc) -> None:
    """Break queue and stream in every way, in an order drawn from the seed."""
    deeds = list(DEEDS)
    havoc.rng.shuffle(deeds)
    with havoc.farm.connected() as client:
        for deed in deeds:
            # what the last one broke must be repaired before the next one
            eventually("the deed", functools.partial(_done, deed, client))
            time.sleep(0.5)


def _done(deed: Deed, client: redis.Redis) -> bool:
    try:
        deed(client)
    except redis.ResponseError:
        return False
    return True


def hostile_host(havoc: Havoc) -> str | None:
    """A host does all that its role permits, then is dismissed: Redis restarts empty and no longer knows it."""
    farm = havoc.farm
    before, coordinator = farm.pace(4), psutil.Process(farm.life.pid)
    hosts = [host.process.pid for host in farm.hosts]
    resident = coordinator.memory_info().rss
    model = farm.folder / "model.json"
    model.write_text(json.dumps(genuine(farm.redis.url.removesuffix("/0") + "/1")), encoding="utf-8")
    argv = [sys.executable, "-m", "tests.chaos.hostile", _admit(farm), f"{_HOSTILE_S}", str(model)]
    hostile = subprocess.Popen(argv, cwd=ROOT)
    grown = 0
    try:
        while hostile.poll() is None:
            grown = max(grown, coordinator.memory_info().rss - resident)
            time.sleep(0.1)
    finally:
        hostile.kill()
        hostile.wait()
    acts.restart_redis(havoc)
    paces = _paces_until_back(farm, before)
    ended = sum(not host.running or host.process.pid not in hosts for host in farm.hosts)
    if not farm.lives or ended:
        words = "".join(host.process.words() for host in farm.hosts if not host.running)
        return f"{ended} workers ended, the coordinator {'lives' if farm.lives else 'ended'}\n{words}"
    if grown > _GROWTH_BYTES:
        return f"the coordinator grew by {grown / 2**20:.0f} MB"
    if paces[-1] >= _SHARE * before:
        return None
    shown = ", ".join(f"{pace:.1f}" for pace in paces)
    return f"the pace was {before:.1f} jobs/s before, and {shown} in the {_BACK_S:g} s after"


def _admit(farm: Farm) -> str:
    """Add a host with the worker's role to the farm's Redis. Returns its URL."""
    line = users_file(dict.fromkeys(Role, _PASSWORD), {_HOST: _PASSWORD}).splitlines()[-1]
    with farm.connected() as client:
        client.execute_command("ACL", "SETUSER", *_words(line))
    return farm.redis.url.replace("redis://:", f"redis://{line.split()[1]}:").replace(
        farm.redis.url.partition("//:")[2].partition("@")[0], _PASSWORD
    )


def _words(line: str) -> list[str]:
    """The rules of a line in the users' file; a selector counts as one word."""
    words: list[str] = []
    for word in line.split()[1:]:
        if words and words[-1].startswith("(") and not words[-1].endswith(")"):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _paces_until_back(farm: Farm, before: float) -> list[float]:
    """Jobs per second in each window, until the pace is back or the time is up."""
    paces: list[float] = []
    until = time.monotonic() + _BACK_S
    while time.monotonic() < until and not (paces and paces[-1] >= _SHARE * before):
        paces.append(farm.pace(_WINDOW_S))
    return paces


def scenes(*, full: bool) -> list[Scene]:  # noqa: ARG001 - as the other rooms of scenes
    """R9, W11."""
    return [
        Scene(fault="R9", what="a broken stream and queue", act=broken),
        Scene(
            fault="W11",
            what=f"a hostile host: all that its role allows for {_HOSTILE_S:g} s, {_SHARE:.0%} of the pace within "
            f"{_BACK_S:g} s of its end",
            act=hostile_host,
            trials=2,
            full_trials=5,
        ),
    ]
