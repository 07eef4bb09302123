"""A farm of separate processes, each of which can be killed, stopped and restarted from outside.

One file: it is one class, each of whose methods acts on the processes that it started.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import redis

from fleet.local.redis_server import start_redis
from tests.chaos.cradle import Life, Seams
from tests.chaos.host import Host
from tests.chaos.kernels import ORDERS, RUNS, Orders
from tests.support.farms import asked, farm_settings, simulator, state
from tests.support.processes import environ, eventually, run_fleet
from tests.support.workers import ONE_THREAD

_DRAIN_S = 150.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """How a farm is built."""

    miners: int = 3
    #: number of worker hosts, and of pool processes on each
    hosts: int = 1
    processes: int = 1
    #: delay of the simulator, MS or MS+JITTER
    latency: str = "25+10"
    #: further options of the simulator
    simulated: tuple[str, ...] = ()
    #: whether `miners` is only the most, and sessions open and close at random
    auto: bool = False
    #: whether a second server stands by
    standby: bool = False
    #: settings of coordinator and workers, by environment variable
    settings: Mapping[str, str] = field(default_factory=dict)


class Farm:
    """Redis as `fleet up` starts it, a simulator, worker hosts and a coordinator."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        self.setup = setup
        self.folder = folder
        self.runs = folder / "runs"
        self.ledger = state(folder) / "ledger.sqlite"
        self.hosts: list[Host] = []
        self.url = ""
        #: the servers' URLs, the first one's first
        self.urls: list[str] = []
        self._orders = folder / "orders.json"
        self._stack = ExitStack()
        self._life: Life | None = None
        #: settings of coordinator and workers, by environment variable
        self.settings: dict[str, str] = {}

    def __enter__(self) -> Farm:
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _build(self) -> None:
        setup, folder = self.setup, self.folder
        (folder / "redis").mkdir(parents=True)
        (folder / "tmp").mkdir()
        self.runs.touch()
        self.order(Orders())
        self.redis = start_redis(folder / "redis")
        self._stack.callback(self.redis.child.kill)
        options = ("--latency", setup.latency, "--rate-limit", "0", *setup.simulated)
        self.simulator, self.url = self._stack.enter_context(simulator(folder / "simulator", *options))
        self.urls = [self.url]
        if setup.standby:
            # of another seed, so that each job id is one server's
            _, standby = self._stack.enter_context(simulator(folder / "standby", *options, "--seed", "8"))
            self.urls.append(standby)
        given = {
            # what a killed process leaves behind is removed with the farm
            "TMPDIR": str(folder / "tmp"),
            "FLEET_REDIS_URL": self.redis.url,
            **self._servers(),
            "FLEET_MINERS": "auto" if setup.auto else str(setup.miners),
            "FLEET_MOST_MINERS": str(setup.miners),
            "FLEET_BUDGET__REQUESTS": "1000000",
            "FLEET_DISPATCH__REDISPATCH_S": "1",
            "FLEET_OUTPUT__JOB_LINES_PER_S": "0",
            "FLEET_WORKER__CONCURRENCY": str(setup.processes),
        }
        self.settings = farm_settings(folder, given | dict(setup.settings))
        for number in range(setup.hosts):
            name = {"FLEET_WORKER__NAME": f"host-{number}", RUNS: str(self.runs), ORDERS: str(self._orders)}
            host = Host(folder / f"host-{number}", {**self.settings, **ONE_THREAD, **name})
            self._stack.callback(host.kill)
            self.hosts.append(host)
            host.start()
        for host in self.hosts:
            host.ready()
        self._stack.callback(self._end)

    def _servers(self) -> dict[str, str]:
        """The settings that name the servers."""
        if len(self.urls) == 1:
            return {"FLEET_SERVER": self.url, "FLEET_MINER_PREFIX": "rig-"}
        tables = [{"name": name, "url": url} for name, url in zip(("first", "standby"), self.urls, strict=True)]
        return {
            "FLEET_SERVER": json.dumps([tables[0], tables[1] | {"priority": 2}]),
            "FLEET_FAILOVER__AFTER_S": "1",
            "FLEET_FAILOVER__BACK_S": "2",
        }

    def keeps(self, sessions: int) -> bool:
        """Whether as many sessions are open as there should be: some on auto, or else one for each miner."""
        return sessions > 0 if self.setup.auto else sessions == self.setup.miners

    @property
    def life(self) -> Life:
        """The running coordinator, or the one that ended last."""
        assert self._life is not None
        return self._life

    @property
    def lives(self) -> bool:
        """Whether a coordinator runs."""
        return self._life is not None and self._life.exit_code is None

    def born(self, strike: Seams | None = None, *, settings: Mapping[str, str] | None = None) -> Life:
        """Start the coordinator."""
        env = environ(self.folder, self.settings | dict(settings or {}))
        self._life = Life(env, self.folder / "coordinator.log", strike, restless=self.setup.auto)
        return self._life

    def drained(self) -> int | None:
        """Stop the coordinator in order. Returns its exit code; None if it does not end."""
        self.life.send(signal.SIGTERM)
        return None if self.life.ended_at(_DRAIN_S) is None else self.life.exit_code

    def verified(self) -> list[str]:
        """The complaints of `fleet ledger verify`; empty if there are none."""
        done = run_fleet("ledger", "verify", folder=self.folder, settings=self.settings)
        return [] if done.returncode == 0 else [f"fleet ledger verify: {done.returncode} {done.stdout}{done.stderr}"]

    def order(self, orders: Orders) -> None:
        """Give the kernels their orders from now on."""
        unfinished = self._orders.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(orders)))
        unfinished.replace(self._orders)

    def faults(self, *texts: str) -> None:
        """Replace the first server's faults."""
        asked(self.url, "/simulator/faults", {"faults": list(texts)})

    def standby_faults(self, *texts: str) -> None:
        """Replace the faults of the server that stands by."""
        asked(self.urls[1], "/simulator/faults", {"faults": list(texts)})

    def counters(self) -> dict[str, Any]:
        """The first server's counters."""
        counters: dict[str, Any] = asked(self.url, "/simulator/requests")
        return counters

    def connected(self) -> redis.Redis:
        """A client of the farm's Redis, with all rights."""
        return redis.Redis.from_url(self.redis.url, socket_timeout=15, socket_connect_timeout=3)

    def revive_redis(self) -> None:
        """Restart Redis on the same port, and wait until it answers."""
        self.redis.child.start()
        eventually("an answer of Redis", self._answers)

    def accepts(self, count: int, timeout_s: float = 60.0) -> None:
        """Wait until the servers have accepted `count` more jobs."""
        goal = self._accepted(self.urls) + count
        eventually(f"{count} more accepted jobs", lambda: self._accepted(self.urls) >= goal, timeout_s)

    def standby_counters(self) -> dict[str, Any]:
        """The counters of the server that stands by."""
        counters: dict[str, Any] = asked(self.urls[1], "/simulator/requests")
        return counters

    def standby_accepts(self, count: int) -> None:
        """Wait until the server that stands by has accepted `count` more jobs."""
        goal = self._accepted(self.urls[1:]) + count
        eventually(f"{count} more jobs at the standby", lambda: self._accepted(self.urls[1:]) >= goal)

    def _accepted(self, urls: list[str]) -> int:
        return sum(int(asked(url, "/simulator/requests")["accepted"]) for url in urls)

    def pace(self, seconds: float) -> float:
        """Accepted jobs per second over `seconds`."""
        before, since = self.counters()["accepted"], time.monotonic()
        time.sleep(seconds)
        return float(self.counters()["accepted"] - before) / (time.monotonic() - since)

    def _answers(self) -> bool:
        try:
            with self.connected() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _end(self) -> None:
        if self._life is not None:
            self._life.kill()
