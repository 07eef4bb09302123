"""Ctrl-Z leaves no farm standing still: it is refused with a line that says what to do instead."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.farms import farm_settings, simulator
from tests.support.processes import FLEET, environ, eventually

REFUSED = "Ctrl-Z is ignored: "


class Job:
    """A command as a shell with job control starts it: a process group of its own in the shell's session."""

    def __init__(self, argv: Sequence[str], folder: Path, settings: dict[str, str]) -> None:
        self._out = folder / "job.out"
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(
                argv,
                cwd=folder,
                env=environ(folder, settings),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                process_group=0,
            )

    @property
    def said(self) -> str:
        """Both streams so far."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    def ctrl_z(self) -> None:
        """What a terminal does."""
        os.killpg(self.process.pid, signal.SIGTSTP)

    def members(self) -> list[psutil.Process]:
        """The processes that the terminal reaches."""
        return [one for one in psutil.process_iter() if _group(one.pid) == self.process.pid]


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        # it has ended since
        return None


@contextmanager
def job(argv: Sequence[str], folder: Path, settings: dict[str, str]) -> Iterator[Job]:
    """A job that ends with the block, by SIGTERM unless it has ended by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    started = Job(argv, folder, settings)
    try:
        yield started
    finally:
        started.process.terminate()
        try:
            started.process.wait(60)
        finally:
            # one that is stopped hears of nothing else
            for one in started.members():
                one.kill()


def goes_on(started: Job) -> None:
    """Every process that a terminal reaches was told to stop, and none has."""
    started.ctrl_z()
    eventually("a word on Ctrl-Z", lambda: started.said.count(REFUSED) == 1)
    started.ctrl_z()
    eventually("a word on the second one", lambda: started.said.count(REFUSED) == 2)
    assert psutil.STATUS_STOPPED not in {one.status() for one in started.members()}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with simulator(tmp_path / "simulator") as (_, address):
        yield address


def test_a_whole_farm_mines_on_and_says_what_ends_it(tmp_path: Path, url: str) -> None:
    folder = tmp_path / "farm"
    argv = [*FLEET, "up", "--server", url, "--miners", "1"]
    with job(argv, folder, farm_settings(folder)) as started:
        eventually("a reward", lambda: "[REWARD]" in started.said)
        goes_on(started)
        before = started.said.count("[REWARD]")
        eventually("more rewards", lambda: started.said.count("[REWARD]") > before + 2)
        assert "Ctrl-C finishes the open jobs and ends it; the next start continues from the ledger." in started.said
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(60) == 0, started.said


def test_a_coordinator_and_a_worker_of_their_own_refuse_it_too(tmp_path: Path, url: str, empty_redis_url: str) -> None:
    settings = farm_settings(tmp_path) | {"FLEET_REDIS_URL": empty_redis_url, "FLEET_SERVER": url}
    with (
        job([*FLEET, "worker"], tmp_path / "worker", settings) as worker,
        job([*FLEET, "coordinator"], tmp_path / "coordinator", settings) as coordinator,
    ):
        eventually("a reward", lambda: "[REWARD]" in coordinator.said)
        goes_on(coordinator)
        goes_on(worker)
        before = coordinator.said.count("[REWARD]")
        eventually("more rewards", lambda: coordinator.said.count("[REWARD]") > before + 2)
