"""W1–W8: workers that die, hang, are absent, or lie."""

from __future__ import annotations

import copy
import signal
import time
from collections.abc import Callable

import redis

from tasks.messages import JOBS_QUEUE, RELEASE_KEY, RESULTS_STREAM
from tasks.wire_versions import WIRE_VERSION
from tests.chaos import acts
from tests.chaos.acts import Havoc
from tests.chaos.host import Host
from tests.chaos.kernels import Orders
from tests.chaos.rogue import forgery
from tests.chaos.scenes import Scene
from tests.chaos.verdict import LATE, NOTHING
from tests.support.broken import BROKEN, genuine, text
from tests.support.processes import eventually

_KERNEL_S = 0.8
#: longer than the visibility timeout of ten seconds
_STOPPED_S = 13.0
_FLOOD = 20_000
_BIG_BYTES = 100_000_000


def killed_at(share: float) -> Callable[[Havoc], None]:
    """kill -9 of a worker host after that share of a job's duration."""

    def act(havoc: Havoc) -> None:
        before = havoc.farm.runs.stat().st_size
        eventually("a kernel that begins", lambda: _begun_since(havoc, before))
        time.sleep(share * _KERNEL_S)
        acts.kill_worker(havoc)

    return act


def roll_all(havoc: Havoc) -> None:
    """SIGTERM of one host after the other, each once the previous one is back."""
    for host in havoc.farm.hosts:
        host.process.send(signal.SIGTERM)
        host.process.wait()
        host.start()
        host.ready()


def stopped_past_the_timeout(havoc: Havoc) -> None:
    """SIGSTOP of a host until its jobs went to another one; then it sends its late results."""
    processes = havoc.host().everything()
    for process in processes:
        process.suspend()
    time.sleep(_STOPPED_S)
    for process in processes:
        process.resume()


def nobody_for(seconds: float) -> Callable[[Havoc], str | None]:
    """No worker for `seconds`: fetching stops at the buffer's limit, sessions stay open."""

    def act(havoc: Havoc) -> str | None:
        farm = havoc.farm
        for host in farm.hosts:
            host.kill()
        time.sleep(min(seconds / 2, 20.0))
        fetched = farm.counters()["assigned"]["task"]
        time.sleep(max(seconds - 20.0, seconds / 2))
        counters, waiting = farm.counters(), len(havoc.auditor.open_now())
        for host in farm.hosts:
            host.start()
        for host in farm.hosts:
            host.ready()
        if counters["assigned"]["task"] != fetched:
            return f"{counters['assigned']['task'] - fetched} jobs were fetched for no worker"
        if not farm.keeps(counters["sessions_open"]):
            return f"{counters['sessions_open']} sessions of {farm.setup.miners} live"
        # one fetched job and four that came without a fetch
        ceiling = farm.setup.miners * 5
        return f"{waiting} jobs wait, more than {ceiling}" if waiting > ceiling else None

    return act


def flooded(havoc: Havoc) -> str | None:
    """As many forged results as Redis accepts, as fast as possible."""
    with havoc.farm.connected() as client:
        for start in range(0, _FLOOD, 1000):
            pipeline = client.pipeline(transaction=False)
            for number in range(start, start + 1000):
                pipeline.xadd(RESULTS_STREAM, forgery("invented", "none", number))
            pipeline.execute()
        eventually("an empty stream", lambda: int(client.xlen(RESULTS_STREAM)) < 100)
    return None


def oversized(havoc: Havoc) -> str | None:
    """One result of 100 MB, which Redis refuses, and fifty of 1 MB, which the coordinator drops."""
    fields = forgery("invented", "none")
    with havoc.farm.connected() as client:
        try:
            client.xadd(RESULTS_STREAM, fields | {"body": "x" * _BIG_BYTES})
        except redis.RedisError:
            refused = True
        else:
            refused = False
    with havoc.farm.connected() as client:
        for _ in range(50):
            client.xadd(RESULTS_STREAM, fields | {"body": "x" * 1_000_000})
    return None if refused else "Redis took a result of 100 MB"


def broken_messages(havoc: Havoc) -> str | None:
    """Messages with every kind of defect among the jobs: no worker ends, and none of the messages is left."""
    farm = havoc.farm
    before = [host.process.pid for host in farm.hosts]
    model = genuine(farm.redis.url.removesuffix("/0") + "/1")
    with farm.connected() as client:
        for change in BROKEN.values():
            client.lpush(JOBS_QUEUE, text(change(copy.deepcopy(model))))
        eventually("an empty queue", lambda: int(client.llen(JOBS_QUEUE)) < len(farm.hosts))
    ended = sum(not host.running or host.process.pid not in before for host in farm.hosts)
    return f"{ended} workers ended" if ended else None


def of_another_version(havoc: Havoc) -> str | None:
    """A worker host that starts while the farm uses another version of the wire format ends with a message."""
    farm = havoc.farm
    host: Host = farm.hosts[-1]
    host.kill()
    with farm.connected() as client:
        stated = client.get(RELEASE_KEY)
        client.set(RELEASE_KEY, f'{{"release": "99.0", "wire": {WIRE_VERSION + 1}}}')
        host.start()
        code = host.process.wait()
        client.set(RELEASE_KEY, stated or b"")
    said = "99.0" in host.process.out + host.process.err
    host.start()
    return None if code == 69 and said else f"it ended with {code}: {host.process.words()}"


_SLOW = Orders(slow_s=_KERNEL_S)


def _killed_scene(share: float) -> Scene:
    what = f"worker host killed at {share:.0%} of a job"
    return Scene(fault="W1", what=what, act=killed_at(share), trials=2, orders=_SLOW)


def scenes(*, full: bool) -> list[Scene]:
    """W1–W8."""
    gone_s = 600.0 if full else 20.0
    return [
        *map(_killed_scene, (0.1, 0.5, 0.9)),
        Scene(fault="W2", what="pool processes killed in mid-job", act=acts.kill_pool_child, orders=_SLOW),
        Scene(fault="W3", what="all worker hosts restarted in turn by SIGTERM", act=roll_all, trials=2, full_trials=10),
        Scene(
            fault="W4",
            what=f"worker host stopped {_STOPPED_S:g} s, past the visibility timeout, then continued",
            act=stopped_past_the_timeout,
            trials=1,
            full_trials=10,
        ),
        Scene(
            fault="W5",
            what=f"no worker for {gone_s:g} s",
            act=nobody_for(gone_s),
            trials=1,
            full_trials=1,
            allowed=LATE if full else NOTHING,
        ),
        Scene(fault="W6", what="200 forged results", act=acts.forge_results),
        Scene(fault="W6", what=f"{_FLOOD} invented results at once", act=flooded, trials=1, full_trials=5),
        Scene(fault="W6", what="results of 100 MB and of 1 MB", act=oversized, trials=1, full_trials=5),
        Scene(fault="W7", what="worker of another version", act=of_another_version, trials=1, full_trials=3),
        Scene(
            fault="W8",
            what=f"broken messages of {len(BROKEN)} kinds",
            act=broken_messages,
            trials=1,
            full_trials=5,
            note="harmless ones are computed",
        ),
    ]


def _begun_since(havoc: Havoc, size: int) -> bool:
    with havoc.farm.runs.open("rb") as file:
        file.seek(size)
        return b"begun" in file.read()
