"""A farm under Docker Compose as a user has it: a clean copy of the project, with its own name and ports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: starts a Docker engine with stand-ins for the base images, on a machine that has this script beside the checkout
STANDINS = ROOT.parent / "shared" / "docker" / "standins.sh"
SERVICES = ("redis", "renewal", "coordinator", "worker", "page", "flower", "simulator")

_CALL_S = 180.0


def engine_answers() -> bool:
    """Whether a Docker engine with Compose v2 answers."""
    commands = (["docker", "info"], ["docker", "compose", "version"])
    return shutil.which("docker") is not None and all(
        subprocess.run(command, capture_output=True, check=False).returncode == 0 for command in commands
    )


def clean_copy(folder: Path) -> Path:
    """Copy what a fresh clone would hold to `folder`."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


def until(condition: Callable[[], Any], timeout_s: float, what: str, every_s: float = 0.5) -> Any:
    """The first true value of `condition`. Raises AssertionError, which names `what`, if there is none in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(every_s)
    raise AssertionError(f"{what}: not within {timeout_s:g} s")


@dataclass(frozen=True, kw_only=True)
class Farm:
    """A Compose project in `folder`, named `project`."""

    folder: Path
    project: str
    flower_port: int
    page_port: int

    def compose(self, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` as a user would in the folder."""
        done = subprocess.run(
            ["docker", "compose", *arguments],
            cwd=self.folder,
            env=self.environ | variables,
            capture_output=True,
            check=False,
            text=True,
            timeout=_CALL_S,
        )
        assert not check or done.returncode == 0, f"docker compose {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the user's shell."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("FLEET_", "JOIN_", "COMPOSE_"))
        }
        return own | {
            "COMPOSE_PROJECT_NAME": self.project,
            "FLOWER_PORT": str(self.flower_port),
            "WEB_PORT": str(self.page_port),
        }

    def containers(self, service: str) -> list[str]:
        """Ids of the service's running containers."""
        return self.compose("ps", "--quiet", service).stdout.split()

    def inspected(self, service: str) -> list[dict[str, Any]]:
        """What the engine knows about the service's running containers."""
        return [inspect(container) for container in self.containers(service)]

    def run_in(self, service: str, *command: str) -> str:
        """The output of a command in the service's first container."""
        return self.compose("exec", "--no-TTY", service, *command).stdout

    def logs(self, service: str) -> str:
        """The output of the service's containers, without prefixes."""
        return self.compose("logs", "--no-log-prefix", "--no-color", service).stdout

    def book(self) -> dict[str, Any]:
        """The totals of the simulator's book."""
        code = "import urllib.request as u; print(u.urlopen('http://localhost:8000/simulator/book?totals=1').read().decode())"
        read: dict[str, Any] = json.loads(self.run_in("simulator", "python", "-c", code), parse_float=Decimal)
        return read

    def ledger(self) -> dict[str, Any]:
        """The output of `fleet rewards --json` in the coordinator's container."""
        text = self.run_in("coordinator", "fleet", "rewards", "--json", "--ids")
        read: dict[str, Any] = json.loads(text, parse_float=Decimal)
        return read

    def jobs_accepted(self) -> int:
        """The number of jobs that the simulator has accepted."""
        return int(self.book()["counters"]["accepted"])

    def goes_on(self, jobs: int, timeout_s: float = 60.0) -> None:
        """Wait until `jobs` more jobs are accepted."""
        goal = self.jobs_accepted() + jobs
        until(lambda: self.jobs_accepted() >= goal, timeout_s, f"{jobs} more jobs accepted")

    def drained_sums(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """Drain the coordinator, sum up each miner in the ledger and in the simulator's book, and start it again."""
        self.compose("stop", "coordinator")
        text = self.compose(
            "run", "--rm", "--no-deps", "--no-TTY", "coordinator", "fleet", "rewards", "--json", "--ids"
        ).stdout
        rows = json.loads(text, parse_float=Decimal, parse_int=Decimal)["rows"]
        ledger = {row["miner_id"]: row["total_nnet"] for row in rows}
        book = {miner: Decimal(amount) for miner, amount in self.book()["per_miner"].items()}
        self.compose("start", "coordinator")
        return ledger, book

    def paid_by_worker(self) -> dict[str, int]:
        """Number of paid jobs in the ledger, by the worker that computed them."""
        code = (
            "import json, sqlite3; c = sqlite3.connect('/var/lib/neonet-fleet/simulator/ledger.sqlite'); "
            "q = 'select worker, count(*) from entries where worker is not null group by worker'; "
            "print(json.dumps(dict(c.execute(q).fetchall())))"
        )
        read: dict[str, int] = json.loads(self.run_in("coordinator", "python", "-c", code))
        return read

    def crash(self, container: str) -> None:
        """Kill the container's first process, as the kernel's out-of-memory killer does."""
        os.kill(int(inspect(container)["State"]["Pid"]), 9)


def inspect(container: str) -> dict[str, Any]:
    """What the engine knows about a container."""
    done = subprocess.run(["docker", "inspect", container], capture_output=True, check=True, text=True)
    read: dict[str, Any] = json.loads(done.stdout)[0]
    return read


def health(container: str) -> str:
    """`healthy`, `unhealthy` or `starting`."""
    return str(inspect(container)["State"]["Health"]["Status"])
