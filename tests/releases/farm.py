"""A farm whose coordinator and hosts may be of different releases: each part is the command of one installation."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from fleet.local.redis_server import start_redis
from tests.support.farms import asked, book, farm_settings, simulator, state
from tests.support.processes import PATIENCE_S, Started, environ, eventually
from tests.support.workers import ONE_THREAD

#: how long a drain may take
_DRAIN_S = 120.0
#: the end of the name of the setting that only releases with a page know
_PAGE = "_WEB__PORT"


@dataclass(frozen=True, slots=True)
class Release:
    """An installed release: a checkout in which `make setup` has run."""

    name: str
    folder: Path
    #: how its `fleet` is called; its own one without any
    called: tuple[str, ...] = ()

    @property
    def command(self) -> tuple[str, ...]:
        """Its `fleet`."""
        return self.called or (str(self.folder / ".venv" / "bin" / "fleet"),)

    @property
    def has_page(self) -> bool:
        """Whether it serves a page."""
        return (self.folder / "fleet" / "web").is_dir()


@dataclass(kw_only=True)
class Farm:
    """Redis, a simulator, a coordinator, and hosts by name. Every part can be exchanged for one of another release."""

    folder: Path
    url: str
    settings: dict[str, str]
    coordinator: Started | None = None
    hosts: dict[str, Started] = field(default_factory=dict)

    def run_coordinator(self, release: Release) -> None:
        """Start a coordinator of this release; one that runs is drained before."""
        if self.coordinator is not None:
            _ended(self.coordinator)
        self.coordinator = self.start(release, "coordinator")

    def run_host(self, release: Release, name: str) -> None:
        """Start the workers of a host with this release; those that run finish their jobs before."""
        if name in self.hosts:
            _ended(self.hosts[name])
        self.hosts[name] = self.start(release, "worker", "--name", name)
        self.hosts[name].says("ready.")

    def stop_host(self, name: str) -> None:
        """Stop the workers of a host, which finish their jobs before."""
        _ended(self.hosts.pop(name))

    def accepts(self, count: int) -> None:
        """Wait until the server has accepted so many more jobs."""
        goal = self._accepted() + count
        eventually(f"{count} more accepted jobs", lambda: self._accepted() >= goal, 2 * PATIENCE_S)

    def said(self, release: Release, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of a release to its end."""
        return subprocess.run(
            [*release.command, *words],
            cwd=self.folder,
            env=self._environ(release),
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
            check=False,
        )

    def difference(self, release: Release) -> Decimal:
        """Drain the farm. Returns by how much its ledger, read by a release, and the server's book differ."""
        assert self.coordinator is not None
        _ended(self.coordinator)
        self.coordinator = None
        # an early release states ids without being asked to
        done = self.said(release, "rewards", "--json", *(("--ids",) if release.has_page else ()))
        assert done.returncode == 0, done.stdout + done.stderr
        rows = json.loads(done.stdout, parse_float=Decimal, parse_int=Decimal)["rows"]
        earned, paid = {row.get("miner_id") or row["miner"]: row["total_nnet"] for row in rows}, book(self.url)
        return sum((abs(earned.get(one, Decimal(0)) - paid.get(one, Decimal(0))) for one in earned | paid), Decimal(0))

    def end(self) -> None:
        """Kill what is left."""
        for process in (self.coordinator, *self.hosts.values()):
            if process is not None:
                process.end()

    def _accepted(self) -> int:
        return int(asked(self.url, "/simulator/requests")["accepted"])

    def start(self, release: Release, *words: str) -> Started:
        """Start a command of a release, which `end` does not end."""
        # what ends a process also ends those in its folder
        folder = self.folder / words[-1]
        folder.mkdir(exist_ok=True)
        return Started([*release.command, *words], folder, self._environ(release))

    def _environ(self, release: Release) -> dict[str, str]:
        # an early release had no page yet
        known = {name: value for name, value in self.settings.items() if release.has_page or not name.endswith(_PAGE)}
        return environ(self.folder, known) | {"PYTHONPATH": str(release.folder)}


def _ended(process: Started) -> None:
    process.send(signal.SIGTERM)
    code = process.wait(_DRAIN_S)
    assert code == 0, process.words()


@contextmanager
def farm(folder: Path) -> Iterator[Farm]:
    """A farm in which nothing runs yet but Redis and the simulator."""
    (folder / "redis").mkdir(parents=True)
    with ExitStack() as stack:
        local = start_redis(folder / "redis")
        stack.callback(local.child.kill)
        _, url = stack.enter_context(simulator(folder / "simulator", "--rate-limit", "0"))
        given = {
            "FLEET_REDIS_URL": local.url,
            "FLEET_SERVER": url,
            "FLEET_MINERS": "4",
            "FLEET_MINER_PREFIX": "rig-",
            "FLEET_BUDGET__REQUESTS": "1000000",
        }
        settings = farm_settings(folder, given) | ONE_THREAD
        made = Farm(folder=folder, url=url, settings=settings)
        stack.callback(made.end)
        state(folder).mkdir(exist_ok=True, mode=0o700)
        yield made
