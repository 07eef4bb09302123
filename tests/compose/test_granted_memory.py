"""A worker in a container that grants little: it starts what fits, and names what the system killed."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.messages import Outcome
from tests.support.processes import Started, environ, started
from tests.support.workers import job, results, send

ROOT = Path(__file__).parents[2]
IMAGE = "neonet-fleet:0.1.0"

pytestmark = pytest.mark.timeout(300)


@contextmanager
def small_worker(redis_url: str, folder: Path, memory: str, *module: str) -> Iterator[tuple[Started, str]]:
    """A worker in a container that is granted `memory`, beside the Redis of this test; and the container's name."""
    name = f"neonet-test-{secrets.token_hex(4)}"
    argv = ["docker", "run", "--rm", "--name", name, "--network", "host", "--tmpfs", "/tmp"]
    argv += ["--memory", memory, "--memory-swap", memory, "--env", f"FLEET_REDIS_URL={redis_url}"]
    argv += ["--volume", f"{ROOT / 'tests'}:/src/tests:ro", "--env", "PYTHONPATH=/src"]
    try:
        with started([*argv, IMAGE, "python", "-m", *module], folder, environ(folder)) as process:
            process.says("ready.")
            yield process, name
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)


@pytest.mark.usefixtures("farm")
def test_a_worker_starts_as_many_processes_as_its_memory_holds(empty_redis_url: str, tmp_path: Path) -> None:
    with small_worker(empty_redis_url, tmp_path, "220m", "tasks") as (process, name):
        command = ["docker", "top", name, "-eo", "pid,args"]
        tree = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        # the entrypoint, the process that starts the others, and one that computes
        assert len([line for line in tree.splitlines() if line.endswith(" python -m tasks")]) == 3
        assert os.cpu_count() == 1 or "220 MB of memory are granted" in process.err


@pytest.mark.usefixtures("farm")
def test_a_process_that_the_system_kills_for_its_memory_is_called_one(empty_redis_url: str, tmp_path: Path) -> None:
    with small_worker(empty_redis_url, tmp_path, "260m", "tests.support.poisoned_worker") as (process, _):
        send(empty_redis_url, job("job-hoard", {"poison": "hoard"}))
        [end] = results(empty_redis_url, 1)
        assert end.outcome is Outcome.WORKER_LOST
        assert "for lack of memory (260 MB are granted)" in end.error
        process.says("for lack of memory (260 MB are granted)")
        # the next process takes the next job
        send(empty_redis_url, job("job-sound", {"transactions": []}))
        assert results(empty_redis_url, 2)[1].outcome is Outcome.COMPUTED


@pytest.mark.usefixtures("farm")
def test_a_container_whose_own_process_is_killed_for_its_memory_says_so() -> None:
    command = ["python", "-c", "b'x' * (1 << 30)"]
    argv = ["docker", "run", "--rm", "--memory", "64m", "--memory-swap", "64m", IMAGE, *command]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 137
    assert "python was killed for lack of memory: grant this container more" in done.stderr
