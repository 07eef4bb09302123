"""R1–R7, N2: Redis restarted, killed, emptied, full or silent, connections cut, logins refused."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.chaos import acts
from tests.chaos.acts import Havoc
from tests.chaos.farm import Farm
from tests.chaos.scenes import Scene
from tests.chaos.verdict import LATE


def _config(farm: Farm) -> Path:
    return farm.folder / "redis" / "redis.conf"


def keep_on_disk(farm: Farm) -> None:
    """From its next start on, Redis writes an append-only file."""
    config = _config(farm)
    config.write_text(config.read_text().replace("appendonly no", "appendonly yes"))
    with farm.connected() as client:
        client.config_set("appendonly", "yes")


def keep_nothing(farm: Farm) -> None:
    """Redis writes nothing to disk, as `fleet up` starts it."""
    config = _config(farm)
    config.write_text(config.read_text().replace("appendonly yes", "appendonly no"))
    with farm.connected() as client:
        client.config_set("appendonly", "no")
    shutil.rmtree(farm.folder / "redis" / "appendonlydir", ignore_errors=True)


def restarted_with_its_file(havoc: Havoc) -> None:
    """kill -9 of a Redis that writes an append-only file, then a restart with that file."""
    keep_on_disk(havoc.farm)
    time.sleep(0.5)
    acts.kill_redis(havoc)
    keep_nothing(havoc.farm)


def restarted_without_its_file(havoc: Havoc) -> None:
    """The same, but the file is deleted before the restart."""
    keep_on_disk(havoc.farm)
    time.sleep(0.5)
    havoc.farm.redis.child.kill()
    shutil.rmtree(havoc.farm.folder / "redis" / "appendonlydir")
    havoc.farm.revive_redis()
    keep_nothing(havoc.farm)


def restarted_idle(havoc: Havoc) -> None:
    """Redis restarts while there are no workers and no flow; only then does work continue."""
    for host in havoc.farm.hosts:
        host.kill()
    time.sleep(1)
    acts.restart_redis(havoc)
    for host in havoc.farm.hosts:
        host.start()
    for host in havoc.farm.hosts:
        host.ready()


def evicting(havoc: Havoc) -> None:
    """Redis with a wrong eviction policy and too little memory deletes jobs and results."""
    with havoc.farm.connected() as client:
        client.config_set("maxmemory-policy", "allkeys-random")
        client.config_set("maxmemory", "1")
        time.sleep(2)
        client.config_set("maxmemory", "512mb")
        client.config_set("maxmemory-policy", "noeviction")


def silent_for(seconds: float) -> Callable[[Havoc], None]:
    """SIGSTOP of Redis for `seconds`: every connection is half open."""

    def act(havoc: Havoc) -> None:
        havoc.farm.redis.child.signal(signal.SIGSTOP)
        time.sleep(seconds)
        havoc.farm.redis.child.signal(signal.SIGCONT)

    return act


def denied_by_acl(havoc: Havoc) -> None:
    """The user that all share may do nothing but log in, for two seconds."""
    with havoc.farm.connected() as client:
        client.execute_command("ACL", "SETUSER", "default", "-@write", "-@read")
        time.sleep(2)
        client.execute_command("ACL", "SETUSER", "default", "+@all")


def scenes(*, full: bool) -> list[Scene]:
    """R1–R7, N2."""
    once = Scene(fault="", what="", act=acts.flush_redis, trials=1, full_trials=5)
    long = replace(once, fault="R6", what="Redis stopped 120 s", act=silent_for(120), full_trials=1, allowed=LATE)
    return [
        Scene(fault="R1", what="Redis restarted under load", act=acts.restart_redis),
        Scene(fault="R1", what="Redis restarted while no worker is there", act=restarted_idle, trials=1, full_trials=5),
        Scene(fault="R2", what="Redis killed under load", act=acts.kill_redis),
        replace(once, fault="R2", what="Redis killed, back with its append-only file", act=restarted_with_its_file),
        replace(once, fault="R3", what="Redis killed, its append-only file deleted", act=restarted_without_its_file),
        Scene(fault="R3", what="FLUSHALL", act=acts.flush_redis),
        Scene(fault="R3", what="one key deleted", act=acts.delete_queues),
        Scene(fault="R4", what="Redis at maxmemory", act=acts.fill_redis, trials=2),
        replace(once, fault="R4", what="wrong eviction policy, Redis evicts everything for 2 s", act=evicting),
        Scene(fault="R5", what="Redis takes no writes", act=acts.make_redis_refuse_writes, trials=2),
        replace(once, fault="R6", what="Redis stopped 5 s", act=silent_for(5)),
        replace(once, fault="R6", what="Redis stopped 20 s", act=silent_for(20)),
        *([long] if full else []),
        Scene(fault="R7", what="password changed, connections cut", act=acts.lock_out, trials=2),
        Scene(fault="R7", what="every command denied by ACL for 2 s", act=denied_by_acl, trials=2),
        Scene(fault="N2", what="connections to Redis cut, up to 4 times", act=acts.cut_connections, trials=2),
    ]
