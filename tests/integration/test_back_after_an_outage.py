"""A server that is restarted on its port, empty: all miners of a farm have sessions again within seconds."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence

from fleet.broker.routes import Routes
from fleet.coordinator.calls import ServerCalls
from fleet.coordinator.inbox import Inbox, Stop
from fleet.coordinator.loop import Coordinator
from fleet.coordinator.scheduling.scheduler import Farm
from fleet.coordinator.server_loop import ServerLoop
from fleet.domain.effects import Dispatch
from fleet.domain.jobs import MinerSpec
from fleet.ledger.ledger import Ledger
from fleet.ledger.storage.engine import open_engine
from fleet.local.redis_server import free_port
from fleet.miner.backoff import Backoff
from fleet.miner.miner import Miner
from fleet.miner.policy import Policy
from fleet.ratelimit.governor import Governor
from fleet.server.client import Client
from fleet.server.http.choice import EngineName
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.thread import RunningSimulator, running
from tests.support.all_open import all_open
from tests.support.engines import transport_by
from tests.virtual.life import BooksAtOnce, Watcher
from tests.virtual.timeline import Timeline

MINERS = 200
AWAY_S = 12.0
#: how many times as long as the first start the way back may take, plus the seconds until an outage's next probe
TIMES_AS_LONG, PROBE_S = 2.0, 8.0


class NoWorkers:
    """Takes jobs, and never brings a result."""

    def dispatch(self, order: Dispatch) -> None:
        """A job for nobody."""

    def route(self, routes: Routes) -> None:
        """There are no queues."""

    def acknowledge(self, entries: Sequence[bytes]) -> None:
        """Nothing came."""


def farm(ledger: Ledger) -> Farm:
    policy = Policy(heartbeat_s=2.0, backoff=Backoff())
    now = time.monotonic()
    specs = [MinerSpec(miner_id=f"rig-{number}") for number in range(MINERS)]
    return all_open(
        [Miner(spec, policy, ledger.saved_miner(spec.miner_id), random.Random(), now) for spec in specs],
        Governor(requests=100_000, window_s=60.0, miners=MINERS, heartbeat_s=2.0),
        ledger.find,
        max_calls=64,
        max_at_workers=1000,
        now=now,
        backoff=policy.backoff,
    )


def sessions(simulator: RunningSimulator) -> int:
    return int(str(simulator.requests()["sessions_open"]))


def seconds_until_all_mine(simulator: RunningSimulator, at_most_s: float = 60.0) -> float:
    started = time.monotonic()
    while sessions(simulator) < MINERS and time.monotonic() - started < at_most_s:
        time.sleep(0.05)
    return time.monotonic() - started


def restart(port: int, inbox: Inbox, took_s: list[float]) -> None:
    """Let all mine, be away, come back empty, let all mine again, end the farm."""
    options = SimulatorOptions(dialect="b", rate_limit=RateLimit(requests=0))
    with running(options, port=port) as simulator:
        took_s.append(seconds_until_all_mine(simulator))
    time.sleep(AWAY_S)
    with running(options, port=port) as simulator:
        took_s.append(seconds_until_all_mine(simulator))
        inbox.put(Stop("the test is over"))
        time.sleep(1.0)


def test_200_miners_are_back_within_seconds_of_a_restart_of_their_server(engine: EngineName) -> None:
    port, inbox, took_s = free_port(), Inbox(), list[float]()
    server = threading.Thread(target=restart, args=(port, inbox, took_s), daemon=True)
    transport = transport_by(engine, deadline_s=5.0)
    with Ledger(open_engine("sqlite://"), "restarted") as ledger, transport:
        ledger.begin_run("restarted")
        site = ServerLoop(
            farm=farm(ledger),
            books=BooksAtOnce(ledger),
            calls=ServerCalls(Client(f"http://127.0.0.1:{port}", transport), transport, inbox),
            drain_s=0.1,
            network_every_s=60.0,
        )
        coordinator = Coordinator([site], broker=NoWorkers(), watcher=Watcher(Timeline()), inbox=inbox)
        server.start()
        coordinator.run()
    server.join()
    assert took_s[1] <= TIMES_AS_LONG * took_s[0] + PROBE_S, took_s
