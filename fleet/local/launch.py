"""Starts each process of a farm on one machine: its command, its environment, its files."""

from __future__ import annotations

import errno
import secrets
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from config.handed_on import handed_on
from config.settings import Settings
from fleet.coordinator.output.lines import Lines
from fleet.errors import ServiceError
from fleet.ledger.storage.places import farm_dir
from fleet.local.processes import Child, wait_for
from fleet.local.redis_server import free_port
from tasks.host.module_command import module_command

_WORKER_KEY = "FLEET_WORKER__KEY"
#: seconds until the simulator has to listen
_START_S = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The parameters of `fleet up`, beside the settings."""

    #: seconds to mine; None until stopped
    for_s: float | None
    #: options of the simulator, used when no server is set
    simulator: Sequence[str]
    #: settings for the children, by environment variable
    overrides: Mapping[str, str]
    #: stream for the output to people
    out: TextIO


class Launcher:
    """Starts the farm's own processes. Their logs and signs of life lie in `run_dir`."""

    def __init__(self, settings: Settings, plan: Plan, lines: Lines) -> None:
        self._settings = settings
        self._plan = plan
        self._lines = lines
        self._run_id = secrets.token_hex(8)
        self.run_dir = farm_dir(settings) / "run"
        self._url_file = self.run_dir / "simulator.url"
        #: the coordinator's figures, once it has ended as intended
        self.summary = self.run_dir / "summary.json"

    @property
    def worker_file(self) -> Path:
        """The file that a worker touches while it works."""
        return self._settings.worker.heartbeat_file or self.run_dir / "worker.alive"

    @property
    def coordinator_file(self) -> Path:
        """The file that the coordinator touches while it works."""
        return self._settings.alive_file or self.run_dir / "coordinator.alive"

    def prepare(self) -> None:
        """Make an empty folder for this run, and keep the one before, whose logs may be needed."""
        try:
            before = self.run_dir.with_name("run.before")
            shutil.rmtree(before, ignore_errors=True)
            if self.run_dir.exists():
                self.run_dir.rename(before)
            self.run_dir.mkdir(parents=True, mode=0o700)
        except OSError as exc:
            raise ServiceError(f"{self.run_dir}: {exc.strerror}; choose another folder with FLEET_STATE_DIR") from exc

    def worker(self, environ: Mapping[str, str]) -> Child:
        """Start the worker."""
        given = {"FLEET_WORKER__HEARTBEAT_FILE": str(self.worker_file)}
        return self._spawn("worker", module_command("tasks"), {**environ, **given})

    def simulator(self, environ: Mapping[str, str]) -> Child:
        """Start the simulator on a free port."""
        argv = module_command("fleet", "simulator", "--port", "0", "--url-file", str(self._url_file))
        return self._spawn("simulator", [*argv, *self._plan.simulator], environ)

    def simulator_url(self, child: Child) -> str:
        """The simulator's URL, once it listens. Raises ServiceError when it does not."""
        url = wait_for(child, self._url_file, _START_S)
        # the coordinator expects a restarted simulator on the same port
        child.argv[child.argv.index("--port") + 1] = url.rpartition(":")[2]
        return url

    def flower(self, environ: Mapping[str, str]) -> Child:
        """Start Flower on its port, or on a free one where that is in use."""
        return self._spawn("flower", module_command("tasks", "flower"), {**environ, **self.flower_port()})

    def flower_port(self) -> dict[str, str]:
        """The setting of Flower's port, after a line that says where Flower is."""
        flower = self._settings.flower
        port = flower.port
        if in_use(flower.address, port):
            port = free_port()
            self._lines.say(f"port {flower.port} is in use; Flower uses {port}")
        host = f"[{flower.address}]" if ":" in flower.address else flower.address
        self._lines.say(f"Flower:    http://{host}:{port}{'/' if flower.url_prefix else ''}{flower.url_prefix}")
        return {"FLEET_FLOWER__PORT": str(port)}

    def coordinator(self, environ: Mapping[str, str]) -> Child:
        """Start the coordinator, which writes to the farm's own output."""
        argv = module_command("fleet", "coordinator", "--run-id", self._run_id)
        argv += ["--summary-file", str(self.summary)]
        argv += ["--simulated"] if self._settings.simulated else []
        if self._plan.for_s is not None:
            argv += ["--for", f"{self._plan.for_s:.3f}"]
        given = {"FLEET_ALIVE_FILE": str(self.coordinator_file)}
        child = Child("coordinator", argv, log=None, environ={**environ, **given}, stdout=self._plan.out)
        child.start()
        return child

    def _spawn(self, name: str, argv: Sequence[str], environ: Mapping[str, str]) -> Child:
        """Start a process that must not learn the miners' ids; only a worker gets the workers' key."""
        given = {key: value for key, value in handed_on(environ).items() if name == "worker" or key != _WORKER_KEY}
        child = Child(name, argv, log=self.run_dir / f"{name}.log", environ=given)
        child.start()
        return child


def in_use(address: str, port: int) -> bool:
    """Whether another program listens on a TCP port of an address."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as exc:
            return exc.errno == errno.EADDRINUSE
    return False
