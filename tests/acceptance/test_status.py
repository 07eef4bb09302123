"""The snapshot of a farm says what its ledger says, while it mines, once it has ended, and after a restart.

One file: each test compares what is read of a farm's snapshot with its ledger, by the same few questions.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fleet.local.redis_server import free_port
from fleet.status.snapshot_file import SNAPSHOT_FILE
from fleet.web.server import MOST_VISITORS
from tests.chaos.farm import Farm, Setup
from tests.support.farms import asked, earned, farm, farm_settings, simulator, state
from tests.support.processes import FLEET, Started, environ, eventually, run_fleet, started, stop
from tests.support.terminal import in_terminal

pytestmark = pytest.mark.timeout(180)

#: files that a farm opens and closes meanwhile, and bytes that 64 visitors may cost
_BESIDE, _MOST_MEMORY = 8, 32 << 20


def snapshot(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((state(folder) / SNAPSHOT_FILE).read_text(), parse_float=Decimal)
    return found


def reported(folder: Path, url: str, *words: str) -> dict[str, Any]:
    done = run_fleet(*words, "--json", folder=folder, settings=farm_settings(folder, {"FLEET_SERVER": url}))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout, parse_float=Decimal)
    return found


def agrees(folder: Path, url: str) -> dict[str, Any]:
    """Compare the snapshot of a farm that has ended with the reports of its ledger."""
    made, rewards = snapshot(folder), reported(folder, url, "rewards")
    stated = reported(folder, url, "status")
    assert made["state"] == stated["coordinator"]["state"] == "ended"
    assert stated["earnings"]["nnet_per_minute"] is None, "nothing is earned now"
    assert [(row["miner"], row["ledger_nnet"]) for row in stated["miners"]] == [
        (row["miner"], row["total_nnet"]) for row in rewards["rows"]
    ]
    assert stated["earnings"]["ledger_nnet"] == rewards["total_nnet"]
    assert {row["miner"]: row["ledger_nnet"] for row in made["miners"]} == {
        row["miner"]: row["total_nnet"] for row in rewards["rows"]
    }
    assert made["earnings"]["ledger_nnet"] == rewards["total_nnet"] == sum(earned(folder, url).values())
    assert {row["cause"]: (row["jobs"], row["not_earned_nnet"]) for row in made["losses"]} == {
        row["cause"]: (row["jobs"], row["not_earned_nnet"])
        for row in reported(folder, url, "rewards", "--losses")["by_cause"]
        if row["jobs"]
    }
    days = {row["day"]: row["total_nnet"] for row in reported(folder, url, "rewards", "--by", "day")["rows"]}
    assert made["earnings"]["today_nnet"] == days.get(made["at"][:10], 0)
    return made


def used_on_a_full_screen(folder: Path, url: str) -> None:
    """Open a miner and a job in `fleet top`, and quit."""
    env = environ(folder, farm_settings(folder, {"FLEET_SERVER": url}) | {"TERM": "xterm-256color"})
    exported = run_fleet("ledger", "export", "--json", "-", folder=folder, settings=env)
    paid = next(row for row in json.loads(exported.stdout) if row["job_id"])
    with in_terminal([*FLEET, "top"], folder, env) as top:
        eventually("the miners", lambda: "miner-03" in top.shown)
        top.type("\r")
        eventually("the history of a miner", lambda: "NNET by hour, the last 48 hours" in top.shown)
        top.type("q")
        top.type("j")
        eventually("the question for a job", lambda: "id of a job" in top.shown)
        top.type(f"{paid['job_id']}\r")
        eventually("the life of a job", lambda: "session id: " in top.shown)
        top.type("q")
        top.type("q")
        assert top.wait() == 0, top.shown


def test_the_figures_are_the_ledgers_and_a_restart_loses_none(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator", "--dialect", "c") as (_, url):
        options = ("--server", url, "--miners", "3")
        with farm(folder, *options) as process:
            process.says("[REWARD]", times=30)
            asked(url, "/simulator/faults", {"faults": ["unknown_type,probability=0.3"]})
            process.says("[REWARD]", times=60)
            eventually("a snapshot of mining", lambda: snapshot(folder)["earnings"]["recent_nnet"] > 0)
            live = reported(folder, url, "status")
            assert live["coordinator"]["state"] == "mining"
            assert live["sessions"] == {"mining": 3}
            assert live["wrong"] == []
            assert sum(row["computed"] for row in live["hosts"]) > 0
            used_on_a_full_screen(folder, url)
            assert stop(process) == 0, process.words()
        first = agrees(folder, url)
        asked(url, "/simulator/faults", {"faults": []})
        with farm(folder, *options) as process:
            eventually("a snapshot of the second start", lambda: snapshot(folder)["started_at"] != first["started_at"])
            again = snapshot(folder)["earnings"]
            assert again["ledger_nnet"] >= first["earnings"]["ledger_nnet"]
            assert again["recent_nnet"] > 0, "what was paid before the restart still counts"
            process.says("[REWARD]", times=5)
            process.child("fleet coordinator").kill()
            process.says("[REWARD]", times=20)
            done = run_fleet("status", folder=folder, settings=farm_settings(folder, {"FLEET_SERVER": url}))
            assert "NNET a minute" in done.stdout, done.stderr
            assert stop(process) == 0, process.words()
        agrees(folder, url)


def test_a_farm_without_a_worker_says_so_until_one_is_there(tmp_path: Path) -> None:
    with Farm(tmp_path / "farm", Setup(miners=3)) as one:
        one.born()
        one.accepts(3)
        file = state(one.folder) / SNAPSHOT_FILE

        def kinds() -> list[str]:
            return [found["kind"] for found in json.loads(file.read_text())["wrong"]]

        one.hosts[0].kill()
        eventually("the condition", lambda: kinds() == ["no_worker"])
        one.hosts[0].start()
        eventually("its end", lambda: kinds() == [])
        assert one.drained() == 0, one.life.words()


def test_before_any_farm_has_run_it_names_the_command_that_starts_one(tmp_path: Path) -> None:
    done = run_fleet("status", folder=tmp_path, settings=farm_settings(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "`fleet up` starts one" in done.stdout
    made = json.loads(run_fleet("status", "--json", folder=tmp_path, settings=farm_settings(tmp_path)).stdout)
    assert made["coordinator"]["state"] == "never"
    assert made["miners"] == []


def test_a_watched_farm_is_shown_again_and_again_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator") as (_, url), farm(folder, "--server", url, "--miners", "1") as process:
        process.says("[REWARD]", times=3)
        env = environ(folder, farm_settings(folder, {"FLEET_SERVER": url}))
        with started([*FLEET, "status", "--watch", "--json"], folder, env) as watch:
            eventually("three lines", lambda: watch.out.count("\n") >= 3)
            watch.send(signal.SIGINT)
            assert watch.wait() == 0, watch.words()
        assert {json.loads(line)["coordinator"]["state"] for line in watch.out.splitlines()} == {"mining"}
        assert stop(process) == 0, process.words()


def slowed_by_500_visitors(process: Started, port: int, metrics: Callable[[], str]) -> None:
    """500 visitors that never end their requests cost little, keep nobody out, and the farm earns on."""
    coordinator = process.child("fleet coordinator")
    files, memory, paid = coordinator.num_fds(), coordinator.memory_info().rss, process.out.count("[REWARD]")
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(500)]
        for one in slow:
            with contextlib.suppress(ConnectionError):
                one.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 4_000)
            assert coordinator.num_fds() <= files + MOST_VISITORS + _BESIDE
        assert coordinator.memory_info().rss < memory + _MOST_MEMORY
        assert "neonet_ledger_nnet" in metrics(), "others are served meanwhile"
        process.says("[REWARD]", times=paid + 5)
        for one in slow:
            with contextlib.suppress(ConnectionError):
                assert one.recv(1) == b"", "each is closed, unanswered"
    eventually("no file is left open", lambda: coordinator.num_fds() <= files + _BESIDE)


def test_metrics_say_what_the_ledger_says_and_a_port_in_use_stops_nothing(tmp_path: Path) -> None:
    first, second, port = tmp_path / "first", tmp_path / "second", str(free_port())
    served = {"FLEET_WEB__PORT": port}
    with simulator(tmp_path / "simulator") as (_, url):
        with farm(first, "--server", url, "--miners", "2", settings=served) as process:
            process.says("[REWARD]", times=10)
            process.says(f"[OK]     page: http://127.0.0.1:{port}")
            with farm(second, "--server", url, "--miners", "1", settings=served) as other:
                other.says(f"[WARN]   no page on port {port}: Address already in use")
                other.says("[REWARD]", times=3)
                assert stop(other) == 0, other.words()
            url_of_metrics = f"http://127.0.0.1:{port}/metrics"

            def metrics() -> str:
                with urllib.request.urlopen(url_of_metrics, timeout=30) as answer:
                    return str(answer.read().decode())

            eventually("payments of both miners", lambda: metrics().count("neonet_miner_ledger_nnet{") == 2)
            shown = metrics()
            for name in (
                "neonet_call_duration_seconds_bucket",
                "celery_task_succeeded_total",
                'neonet_sessions{state="mining"} 2',
            ):
                assert name in shown
            assert not [miner for miner in earned(first, url) if miner in shown], "no id is shown"
            paid = sum(
                float(line.split()[1]) for line in shown.splitlines() if line.startswith("neonet_payments_total")
            )
            assert paid > 0
            slowed_by_500_visitors(process, int(port), metrics)
            assert stop(process) == 0, process.words()
        with pytest.raises(urllib.error.URLError):
            metrics()
