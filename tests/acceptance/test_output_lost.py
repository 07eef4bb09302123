"""Output that can't be written never ends mining: a closed terminal, a full disk, a pager at rest."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.farms import asked, book, earned, farm_settings, simulator
from tests.support.processes import FLEET, environ, eventually, started
from tests.support.terminal import in_terminal

#: a shell that closes or fills the streams of what it becomes
LOST = {
    "a full disk": 'exec "$@" >/dev/full 2>/dev/full',
    "no stdout": 'exec "$@" >&-',
    "no stream": 'exec "$@" <&- >&- 2>&-',
}


@pytest.fixture
def paying(tmp_path: Path) -> Iterator[str]:
    """The URL of a simulator."""
    with simulator(tmp_path / "simulator") as (_, url):
        yield url


def accepted(url: str) -> int:
    return int(asked(url, "/simulator/requests")["accepted"])


def mines_on(url: str, jobs: int = 20) -> None:
    before = accepted(url)
    eventually(f"{jobs} more jobs", lambda: accepted(url) >= before + jobs)


def all_stopped(url: str, miners: int) -> None:
    sessions = asked(url, "/simulator/sessions")["sessions"]
    assert [session["status"] for session in sessions] == ["stopped"] * miners


def up(folder: Path, url: str, settings: Mapping[str, str] | None = None) -> tuple[list[str], dict[str, str]]:
    """A farm's command line and its environment."""
    env = environ(folder, farm_settings(folder, settings))
    return [*FLEET, "up", "--server", url, "--miners", "2"], env


def test_a_closed_terminal_drains_the_farm(tmp_path: Path, paying: str) -> None:
    folder = tmp_path / "farm"
    argv, env = up(folder, paying)
    with in_terminal(argv, folder, env) as terminal:
        mines_on(paying)
        terminal.close()
        assert terminal.wait() == 0, terminal.shown
    all_stopped(paying, 2)
    assert earned(folder, paying) == book(paying)


def test_a_terminal_that_the_shell_reports_closed_again_drains_all_the_same(tmp_path: Path, paying: str) -> None:
    folder = tmp_path / "farm"
    argv, env = up(folder, paying)
    with in_terminal(argv, folder, env) as terminal:
        mines_on(paying)
        terminal.close()
        terminal.send(signal.SIGHUP)
        terminal.send(signal.SIGHUP)
        assert terminal.wait() == 0, terminal.shown
    all_stopped(paying, 2)


def test_a_closed_terminal_drains_a_coordinator_alone_and_a_worker(tmp_path: Path, paying: str, redis_url: str) -> None:
    shared = redis_url.removesuffix("/0") + "/6"
    settings = {"FLEET_SERVER": paying, "FLEET_REDIS_URL": shared, "FLEET_MINERS": "2"}
    env = environ(tmp_path, farm_settings(tmp_path, settings))
    with (
        in_terminal([*FLEET, "worker", "--concurrency", "1"], tmp_path / "worker", env) as worker,
        in_terminal([*FLEET, "coordinator"], tmp_path / "coordinator", env) as coordinator,
    ):
        mines_on(paying)
        coordinator.close()
        assert coordinator.wait() == 0, coordinator.shown
        worker.close()
        assert worker.wait() == 0, worker.shown
    all_stopped(paying, 2)


def test_an_ignored_hangup_stays_ignored_when_the_terminal_is_closed(
    tmp_path: Path, paying: str, redis_url: str
) -> None:
    folder = tmp_path / "farm"
    shared = redis_url.removesuffix("/0") + "/7"
    argv, env = up(folder, paying, {"FLEET_REDIS_URL": shared})
    work = [*FLEET, "worker", "--concurrency", "1"]
    with (
        in_terminal(argv, folder, env, nohup=True) as terminal,
        in_terminal(work, tmp_path / "worker", env, nohup=True) as worker,
    ):
        mines_on(paying)
        terminal.close()
        worker.close()
        mines_on(paying)
        terminal.send(signal.SIGHUP)
        worker.send(signal.SIGHUP)
        mines_on(paying)
        assert terminal.running
        assert worker.running
        terminal.send(signal.SIGTERM)
        assert terminal.wait() == 0, terminal.shown
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0, worker.shown
    all_stopped(paying, 2)


@pytest.mark.parametrize("script", LOST.values(), ids=LOST)
@pytest.mark.parametrize("command", ["up", "coordinator"])
def test_a_farm_mines_and_drains_without_its_output(
    tmp_path: Path, paying: str, redis_url: str, script: str, command: str
) -> None:
    folder = tmp_path / "farm"
    folder.mkdir()
    shared = redis_url.removesuffix("/0") + "/8"
    settings = {"FLEET_SERVER": paying, "FLEET_REDIS_URL": shared, "FLEET_MINERS": "2"}
    env = environ(folder, farm_settings(folder, settings))
    with started([*FLEET, "worker", "--concurrency", "1"], folder, env) as worker:
        worker.says("ready.")
        with started(["sh", "-c", script, "sh", *FLEET, command], folder, env) as process:
            mines_on(paying)
            process.send(signal.SIGTERM)
            assert process.wait() == 0
    all_stopped(paying, 2)
    assert earned(folder, paying) == book(paying)


def test_a_pager_at_rest_does_not_stop_the_mining(tmp_path: Path, paying: str) -> None:
    folder = tmp_path / "farm"
    folder.mkdir()
    argv, env = up(folder, paying)
    with subprocess.Popen(argv, cwd=folder, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        # the banner and some hundred lines fill it
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 16384)
        mines_on(paying, 200)
        process.send_signal(signal.SIGTERM)
        eventually("the end of the sessions", lambda: asked(paying, "/simulator/requests")["sessions_open"] == 0)
        shown = process.stdout.read()
        assert process.wait() == 0
    assert b"NeoNet fleet" in shown
    assert b" accepted " in shown
    all_stopped(paying, 2)


@pytest.mark.parametrize(
    "ascii_only",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}],
    ids=lambda settings: next(iter(settings)),
)
def test_a_terminal_that_knows_ascii_only_is_no_reason_to_end(
    tmp_path: Path, paying: str, ascii_only: dict[str, str]
) -> None:
    folder = tmp_path / "farm"
    folder.mkdir()
    argv, env = up(folder, paying)
    argv += ["--for", "3s"]
    done = subprocess.run(argv, cwd=folder, env=env | ascii_only, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == b""
    assert b"[STOP]" in done.stdout
    assert b" accepted " in done.stdout


def test_a_report_that_a_full_disk_does_not_take_says_so(tmp_path: Path) -> None:
    with Path(os.devnull).open("rb") as nothing, Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*FLEET, "config"],
            cwd=tmp_path,
            env=environ(tmp_path),
            stdin=nothing,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 74
    assert done.stderr == "fleet: writing: No space left on device\n"
