"""What can be done to a running farm from outside. An act whose effect lasts also undoes it.

One file: scenes and the soak choose among all acts, each of which is a few lines on the same farm.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from random import Random
from urllib.parse import urlsplit

import redis

from fleet.simulator.faultkinds import DATA_FLAWS
from tasks.messages import JOBS_QUEUE, RESULTS_STREAM
from tests.chaos.audit import Auditor
from tests.chaos.farm import Farm
from tests.chaos.host import Host
from tests.chaos.rogue import forgeries
from tests.support.farms import asked
from tests.support.faults import BULK, CALL_FAULTS, PAGES

#: kinds of strange jobs
JOB_FAULTS = (
    "poison",
    "unknown_type",
    "deadline,value=-60",
    "deadline,value=1e400",
    "other_payload",
    "other_miner",
    *(f"flawed_data,value={flaw}" for flaw in DATA_FLAWS),
)


class Havoc:
    """Strikes a farm with acts drawn from a seed."""

    def __init__(self, farm: Farm, auditor: Auditor, rng: Random) -> None:
        self.farm = farm
        self.auditor = auditor
        self.rng = rng
        #: Unix time at which the server last forgot everything
        self.forgotten_at: float | None = None
        #: what the last act drew
        self.detail = ""
        #: pace of the part of the farm that an act did not concern, relative to the pace without the act
        self.paces: list[float] = []
        #: processes that ended although nobody killed them, with their part in the farm
        self.ended: Counter[str] = Counter()

    def tend(self) -> None:
        """Restart what has ended, as a supervisor does."""
        if not self.farm.lives:
            self.ended["coordinator"] += 1
            self.auditor.death()
            self.farm.born()
        if self.farm.redis.child.exit_code is not None:
            self.farm.revive_redis()
        for host in self.farm.hosts:
            if not host.running:
                self.ended["worker"] += 1
                host.kill()
                host.start()

    def host(self) -> Host:
        """One of the running worker hosts, or None."""
        ready = [host for host in self.farm.hosts if host.is_ready]
        return self.rng.choice(ready or self.farm.hosts)

    def pause(self, least_s: float, most_s: float) -> None:
        """Wait while the fault lasts."""
        time.sleep(self.rng.uniform(least_s, most_s))


def kill_coordinator(havoc: Havoc) -> None:
    """kill -9 of the coordinator, then up to 2 s without one."""
    havoc.farm.life.kill()
    havoc.auditor.death()
    havoc.pause(0, 2)
    havoc.farm.born()


def restart_coordinator(havoc: Havoc) -> None:
    """SIGTERM, which drains, then a new coordinator."""
    if havoc.farm.drained() is None:
        havoc.farm.life.kill()
        havoc.auditor.death()
    havoc.farm.born()


def stop_coordinator(havoc: Havoc) -> None:
    """SIGSTOP for half a second to five seconds, as when a machine is suspended."""
    havoc.farm.life.send(signal.SIGSTOP)
    havoc.pause(0.5, 5)
    havoc.farm.life.send(signal.SIGCONT)


def kill_worker(havoc: Havoc) -> None:
    """kill -9 of a worker host with its pool."""
    host = havoc.host()
    host.kill()
    havoc.pause(0, 1)
    host.start()


def kill_pool_child(havoc: Havoc) -> None:
    """kill -9 of a worker's pool processes."""
    for child in havoc.host().everything()[1:]:
        child.kill()


def roll_worker(havoc: Havoc) -> None:
    """SIGTERM of a worker host, which finishes its jobs, then a new one."""
    host = havoc.host()
    if host.running:
        host.process.send(signal.SIGTERM)
        host.process.wait()
    host.kill()
    host.start()


def stop_worker(havoc: Havoc) -> None:
    """SIGSTOP of a worker host for one second to eight."""
    processes = havoc.host().everything()
    for process in processes:
        process.suspend()
    havoc.pause(1, 8)
    for process in processes:
        if process.is_running():
            process.resume()


def kill_redis(havoc: Havoc) -> None:
    """kill -9 of Redis, which keeps nothing on disk."""
    havoc.farm.redis.child.kill()
    havoc.pause(0, 2)
    havoc.farm.revive_redis()


def restart_redis(havoc: Havoc) -> None:
    """SIGTERM of Redis, which keeps nothing on disk."""
    havoc.farm.redis.child.stop(5.0)
    havoc.farm.revive_redis()


def stop_redis(havoc: Havoc) -> None:
    """SIGSTOP of Redis for half a second to five seconds: connections are half open."""
    havoc.farm.redis.child.signal(signal.SIGSTOP)
    havoc.pause(0.5, 5)
    havoc.farm.redis.child.signal(signal.SIGCONT)


def flush_redis(havoc: Havoc) -> None:
    """FLUSHALL under load."""
    with havoc.farm.connected() as client:
        client.flushall()


def delete_queues(havoc: Havoc) -> None:
    """Delete one of the keys."""
    with havoc.farm.connected() as client:
        client.delete(havoc.rng.choice((JOBS_QUEUE, RESULTS_STREAM, "unacked", "unacked_index")))


def _set_for_a_while(havoc: Havoc, name: str, value: str, usual: str) -> None:
    with havoc.farm.connected() as client:
        client.config_set(name, value)
        havoc.pause(0.5, 4)
        client.config_set(name, usual)


def fill_redis(havoc: Havoc) -> None:
    """Redis is at its maxmemory for a while."""
    _set_for_a_while(havoc, "maxmemory", "1", "512mb")


def make_redis_refuse_writes(havoc: Havoc) -> None:
    """Redis refuses writes for a while, as with a full disk."""
    _set_for_a_while(havoc, "min-replicas-to-write", "1", "0")


def lock_out(havoc: Havoc) -> None:
    """Change the password for a while and cut open connections, so that every client has to log in again."""
    password = urlsplit(havoc.farm.redis.url).password or ""
    with havoc.farm.connected() as client:
        client.config_set("requirepass", "another one")
        client.client_kill_filter(_type="normal", skipme=True)
        havoc.pause(0.5, 4)
        client.config_set("requirepass", password)


def cut_connections(havoc: Havoc) -> None:
    """Cut all connections to Redis, up to four times."""
    with havoc.farm.connected() as client:
        for _ in range(havoc.rng.randint(1, 4)):
            client.client_kill_filter(_type="normal", skipme=True)
            client.client_kill_filter(_type="pubsub", skipme=True)
            havoc.pause(0.2, 1)


def forge_results(havoc: Havoc) -> None:
    """200 entries on the results stream that no worker made."""
    open_jobs = list(havoc.auditor.open_now())
    with havoc.farm.connected() as client:
        for fields in forgeries(havoc.rng, open_jobs, 200):
            client.xadd(RESULTS_STREAM, fields)


def _switch_on(havoc: Havoc, fault: str, count: int) -> None:
    kind, comma, rest = fault.partition(",")
    havoc.detail = f"{count} × {fault}"
    havoc.farm.faults(f"{kind},count={count}{comma}{rest}")


def fail_calls(havoc: Havoc) -> None:
    """The next few calls fail, all in the same way."""
    _switch_on(havoc, havoc.rng.choice((*CALL_FAULTS, *BULK, *PAGES, "no_session")), havoc.rng.randint(1, 8))
    havoc.pause(0.5, 2)


def fail_all_calls(havoc: Havoc) -> None:
    """The server is down for a while."""
    havoc.farm.faults(havoc.rng.choice(("unavailable", "drop_before", "error_before")))
    havoc.pause(0.5, 3)
    havoc.farm.faults()


def hand_out_strange_jobs(havoc: Havoc) -> None:
    """The next few jobs are strange, all in the same way."""
    _switch_on(havoc, havoc.rng.choice(JOB_FAULTS), havoc.rng.randint(1, 5))
    havoc.pause(0.5, 2)


def stop_server(havoc: Havoc) -> None:
    """SIGSTOP of the server for half a second to four seconds."""
    havoc.farm.simulator.send(signal.SIGSTOP)
    havoc.pause(0.5, 4)
    havoc.farm.simulator.send(signal.SIGCONT)


def forget(havoc: Havoc) -> None:
    """The server restarts: contributors, sessions and jobs are gone."""
    asked(havoc.farm.url, "/simulator/forget", {})
    havoc.forgotten_at = time.time()


def quiet(farm: Farm) -> None:
    """Undo every act whose effect may last."""
    farm.faults()
    with farm.connected() as client, client.pipeline() as pipeline:
        try:
            pipeline.config_set("maxmemory", "512mb").config_set("min-replicas-to-write", "0").execute()
        except redis.RedisError:
            farm.revive_redis()
