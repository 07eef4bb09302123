"""Trouble with the ledger that passes is waited for: a lock of another program, a slow disk, a reader at rest."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from tests.support.farms import asked, book, earned, farm, farm_settings, figures, simulator, state
from tests.support.locks import locked
from tests.support.processes import FLEET, Started, environ, eventually, nothing_left, run_fleet, stop
from tests.support.slow_disk import SlowDisk

#: seconds between two heartbeats, which servers prescribe
BEAT_S = 30.0


def rewards(process: Started) -> int:
    return process.err.count("[REWARD]")


def heartbeats(url: str) -> int:
    return int(asked(url, "/simulator/requests")["heartbeats"])


def just_before_the_first_heartbeats(process: Started, seconds: float) -> None:
    """Wait until those of all three miners are due in so long, or in less."""
    # on a busy machine the last session may start well after the first reward
    process.says("session started", times=3)
    time.sleep(BEAT_S - 1 - seconds)


def drained(process: Started, url: str, folder: Path) -> None:
    """Stop the farm and compare its ledger with the server's book."""
    assert stop(process) == 0, process.words()
    nothing_left(process)
    summary = figures(process)
    assert summary["jobs"]["open"] == 0
    assert summary["rewards"]["difference_nnet"] == 0
    assert earned(folder, url) == book(url)


def test_a_lock_pauses_the_mining_and_not_the_heartbeats(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        with farm(folder, "--server", url, "--miners", "3", "--json") as process:
            just_before_the_first_heartbeats(process, 3.0)
            with locked(state(folder) / "ledger.sqlite", 300.0) as holder:
                process.says("mining pauses, heartbeats go on")
                said = rf"\[WARN\] +the ledger can't be written: it is locked by \S+ \(pid {holder.pid}\)"
                assert re.search(said, process.err)
                paused = asked(url, "/simulator/requests")
                beaten = int(paused["heartbeats"])
                eventually("heartbeats while the ledger is locked", lambda: heartbeats(url) >= beaten + 3)
                assert asked(url, "/simulator/requests")["assigned"].get("task") == paused["assigned"].get("task")
                assert holder.poll() is None
                holder.kill()
            process.says("the ledger can be used again, after")
            before = rewards(process)
            eventually("rewards after the lock", lambda: rewards(process) > before + 10)
            drained(process, url, folder)
        assert "starting it again" not in process.err


def test_a_lock_at_the_start_is_waited_for_with_a_line_that_names_its_holder(tmp_path: Path) -> None:
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        options = ("--server", url, "--miners", "1", "--json")
        with farm(folder, *options, "--for", "2s") as process:
            assert process.wait() == 0, process.words()
        with locked(state(folder) / "ledger.sqlite", 300.0) as holder, farm(folder, *options) as process:
            process.says(f"(pid {holder.pid}); waiting for it")
            holder.kill()
            process.says("[REWARD]")
            drained(process, url, folder)
        assert "Traceback" not in process.out + process.err


def test_a_slow_disk_is_said_and_measured_and_delays_no_heartbeat(tmp_path: Path) -> None:
    disk = SlowDisk(tmp_path / "disk")
    settings = disk.environ | {"FLEET_OUTPUT__STATUS_EVERY_S": "5"}
    with simulator(tmp_path / "simulator") as (_, url):
        folder = tmp_path / "farm"
        with farm(folder, "--server", url, "--miners", "3", "--json", settings=settings) as process:
            just_before_the_first_heartbeats(process, 6.0)
            disk.delay(300.0)
            process.says("the ledger's disk is slow: waited")
            beaten = heartbeats(url)
            eventually("heartbeats while the disk stands still", lambda: heartbeats(url) >= beaten + 3)
            assert "the ledger can be used again" not in process.err
            disk.delay(0)
            process.says("the ledger can be used again, after")
            eventually("a slow commit in the status", lambda: worst_ms(process) >= 5000)
            before = rewards(process)
            eventually("rewards on a quick disk", lambda: rewards(process) > before + 10)
            drained(process, url, folder)


def worst_ms(process: Started) -> float:
    found = re.findall(r"\[STATUS\].* at worst (\d+) ms", process.err)
    return max(map(float, found), default=0.0)


def test_a_reader_of_an_export_that_stands_still_lets_the_log_be_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--latency", "2") as (_, url):
        settings = {"FLEET_OUTPUT__JOB_LINES_PER_S": "0"}
        with farm(folder, "--server", url, "--miners", "8", settings=settings) as process:
            ledger = state(folder) / "ledger.sqlite"
            eventually("more entries than a pipe holds", lambda: asked(url, "/simulator/requests")["accepted"] > 400)
            env = environ(folder, farm_settings(folder, {"FLEET_SERVER": url}))
            argv = [*FLEET, "ledger", "export", "--json", "-"]
            with subprocess.Popen(argv, cwd=folder, env=env, stdout=subprocess.PIPE) as export:
                assert export.stdout is not None
                assert export.stdout.read(1) == b"["
                log = ledger.with_name("ledger.sqlite-wal")
                sizes = [log.stat().st_size]
                accepted = asked(url, "/simulator/requests")["accepted"]
                eventually("more jobs", lambda: asked(url, "/simulator/requests")["accepted"] > accepted + 1500)
                sizes.append(log.stat().st_size)
                os.kill(export.pid, signal.SIGKILL)
            # a checkpoint is due each thousand pages of 4 KiB: what nobody reads any more is written over
            assert sizes[1] < 12_000_000, sizes
            assert stop(process) == 0, process.words()


def test_a_ledger_on_a_disk_without_shared_memory_is_refused_with_its_journal_mode(tmp_path: Path) -> None:
    url = f"sqlite:///file:{tmp_path / 'ledger.sqlite'}?vfs=unix-dotfile&uri=true"
    settings = farm_settings(tmp_path, {"FLEET_LEDGER_URL": url})
    done = run_fleet("up", "--miners", "1", "--for", "1s", folder=tmp_path, settings=settings)
    assert done.returncode == 73, done.stderr
    assert "its journal mode stays 'delete'" in done.stderr
    assert "Traceback" not in done.stderr
