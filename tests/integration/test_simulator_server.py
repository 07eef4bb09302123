"""The simulator as a server and as a command: control endpoints, limit, latency, load, signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleet.simulator.latency import Delay, Latency
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.rewards import RewardRule
from fleet.simulator.thread import RunningSimulator, running
from tasks.jobtypes import JOB_TYPES

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-W", "error", "-c", "from fleet.commands.simulator import simulator; simulator()")


class Miner:
    """A miner on one kept connection."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        self.session_id = ""

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON."""
        raw = body if isinstance(body, str) or body is None else json.dumps(body)
        self.connection.request(method, path, raw)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def start(self) -> None:
        """Register and begin a session."""
        self.ask("POST", "/ai-energy/register", {"contributor_id": self.name})
        self.session_id = self.ask("POST", "/ai-energy/start-session", {"contributor_id": self.name})[1]["session_id"]

    def mine(self) -> Decimal:
        """One job; what its receipt states."""
        job = self.ask("GET", f"/ai-energy/task/{self.name}")[1]
        result = dict.fromkeys(JOB_TYPES[job["task_type"]].required, 1)
        body = {"contributor_id": self.name, "session_id": self.session_id, "task_id": job["task_id"], "result": result}
        receipt = self.ask("POST", "/ai-energy/submit-result", body)[1]
        assert receipt["success"] is True
        return Decimal(repr(receipt["reward"]))


@contextmanager
def miner_at(simulator: RunningSimulator, name: str = "m") -> Iterator[Miner]:
    """A miner whose connection is closed in the end."""
    miner = Miner(simulator.url, name)
    try:
        yield miner
    finally:
        miner.connection.close()


def test_the_book_is_served_whole_by_page_by_miner_and_as_totals() -> None:
    options = SimulatorOptions(dialect="c", reward_rule=RewardRule.FRACTIONS)
    with running(options) as simulator, miner_at(simulator) as miner:
        miner.start()
        stated = sum((miner.mine() for _ in range(7)), Decimal(0))
        whole = miner.ask("GET", "/simulator/book")[1]
        assert Decimal(whole["total_nnet"]) == Decimal(whole["per_miner"]["m"]) == stated == simulator.total("M")
        assert sum((Decimal(row["amount"]) for row in whole["payments_made"]), Decimal(0)) == stated
        assert {row["kind"] for row in whole["payments_made"]} == {"job"}
        assert whole["counters"]["accepted"] == 7
        page = miner.ask("GET", "/simulator/book?limit=5")[1]
        rest = miner.ask("GET", f"/simulator/book?limit=5&since={page['next']}")[1]
        assert page["payments_made"] + rest["payments_made"] == whole["payments_made"]
        assert rest["next"] is None
        assert miner.ask("GET", "/simulator/book?miner=nobody")[1]["payments_made"] == []
        assert "payments_made" not in miner.ask("GET", "/simulator/book?totals=1")[1]
        assert miner.ask("GET", "/simulator/book?since=x")[0] == 400


def test_faults_are_switched_added_and_cleared_over_http() -> None:
    with running() as simulator, miner_at(simulator) as miner:
        miner.start()
        body = {"faults": ["error_before,roads=task,count=1", {"kind": "refused", "roads": ["gas"], "value": "3"}]}
        stated = miner.ask("POST", "/simulator/faults", body)[1]["faults"]
        assert [fault["kind"] for fault in stated] == ["error_before", "refused"]
        assert miner.ask("GET", "/api/gas/info")[0] == 429
        added = miner.ask("POST", "/simulator/faults", {"add": ["html,roads=stats"]})[1]["faults"]
        assert [fault["struck"] for fault in added] == [0, 1, 0]
        assert miner.ask("POST", "/simulator/faults", {"faults": []})[1] == {"faults": []}
        assert miner.ask("GET", "/api/gas/info")[0] == 200


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"faults": 7}', '{"faults": [7]}', '{"faults": ["zzz"]}', "{"])
def test_a_mistyped_control_call_changes_nothing(body: str) -> None:
    with running(SimulatorOptions()) as simulator, miner_at(simulator) as miner:
        simulator.set_faults("html,roads=stats")
        assert miner.ask("POST", "/simulator/faults", body)[0] == 400
        assert [fault["kind"] for fault in simulator.faults()] == ["html"]
        assert miner.ask("GET", "/simulator/nonsense")[0] == 404


def test_sessions_and_heartbeat_intervals_can_be_seen() -> None:
    with running() as simulator, miner_at(simulator) as miner:
        miner.start()
        for _ in range(3):
            miner.ask("POST", "/ai-energy/heartbeat", {"contributor_id": "m", "session_id": miner.session_id})
            time.sleep(0.05)
        (session,) = miner.ask("GET", "/simulator/sessions")[1]["sessions"]
        assert (session["miner"], session["heartbeats"], session["status"]) == ("m", 3, "active")
        assert 0.04 < session["shortest_interval_s"] <= session["longest_interval_s"] < 5
        assert session["shortest_interval_s"] <= session["last_interval_s"] <= session["longest_interval_s"]
        assert time.time() - 5 < session["last_heartbeat_at"] < time.time() - 0.04
        counters = miner.ask("GET", "/simulator/requests")[1]
        assert (counters["sessions_open"], counters["heartbeats"]) == (1, 3)
        assert counters["assigned"] == {"start-session": 1, "heartbeat": 3}
        assert counters["heartbeat_interval_min_s"] == session["shortest_interval_s"]
        assert miner.ask("POST", "/simulator/forget") == (200, {"forgotten": True})
        assert miner.ask("GET", "/simulator/sessions")[1] == {"sessions": []}


def test_the_limit_counts_per_window_and_refusals_dont_prolong_it() -> None:
    options = SimulatorOptions(rate_limit=RateLimit(requests=5, window_s=0.8))
    with running(options) as simulator, miner_at(simulator) as miner:
        statuses = [miner.ask("GET", "/api/gas/info")[0] for _ in range(8)]
        assert statuses == [200] * 5 + [429] * 3
        time.sleep(0.5)
        assert miner.ask("GET", "/api/gas/info")[0] == 429
        time.sleep(0.5)
        assert miner.ask("GET", "/api/gas/info")[0] == 200
        assert simulator.requests()["refused_429"] == 4


def test_an_answer_takes_as_long_as_was_set() -> None:
    options = SimulatorOptions(latency=Latency(endpoints={"gas": Delay(fixed_ms=120)}))
    with running(options) as simulator, miner_at(simulator) as miner:
        began = time.monotonic()
        miner.ask("GET", "/api/gas/info")
        slow_s, began = time.monotonic() - began, time.monotonic()
        miner.ask("GET", "/ai-energy/stats")
        assert slow_s >= 0.12
        assert time.monotonic() - began < slow_s


def test_a_server_that_comes_back_on_its_port_has_forgotten_everything() -> None:
    with running() as simulator, miner_at(simulator) as miner:
        miner.start()
        port = urlsplit(simulator.url).port
    assert port is not None
    with running(port=port) as simulator, miner_at(simulator) as miner:
        assert miner.ask("GET", "/ai-energy/task/m") == (404, {"detail": "Contributor not registered"})
    with running() as simulator:
        taken = urlsplit(simulator.url).port
        assert taken is not None
        with pytest.raises(OSError, match="in use"), running(port=taken):
            pass


def test_many_miners_at_once_are_paid_what_their_receipts_say() -> None:
    stated: dict[str, Decimal] = {}
    options = SimulatorOptions(dialect="c", reward_rule=RewardRule.FRACTIONS, rate_limit=RateLimit(requests=0))
    with running(options) as simulator:

        def work(name: str) -> None:
            with miner_at(simulator, name) as miner:
                miner.start()
                stated[name] = sum((miner.mine() for _ in range(40)), Decimal(0))

        threads = [threading.Thread(target=work, args=(f"miner-{number}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        book = simulator.book(totals="1")
    assert {name: Decimal(total) for name, total in book["per_miner"].items()} == stated  # type: ignore[attr-defined]
    assert simulator.url


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a user starts it."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_that_it_simulates_prints_its_url_and_stops_at_once(
    number: signal.Signals, tmp_path: Path
) -> None:
    url_file = tmp_path / "url"
    flags = ("--port", "0", "--dialect", "c", "--url-file", str(url_file), "--fault", "hang_after,roads=stats")
    with command(*flags) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url_file.read_text().strip() == url
        hanging = HTTPConnection(urlsplit(url).netloc, timeout=10)
        hanging.request("GET", "/ai-energy/stats")
        answering = HTTPConnection(urlsplit(url).netloc, timeout=10)
        answering.request("GET", "/api/decentralization/status")
        assert "bootstrap_load" in json.loads(answering.getresponse().read())
        process.send_signal(number)
        began = time.monotonic()
        _, stderr = process.communicate(timeout=10)
        assert time.monotonic() - began < 3
        hanging.close()
        answering.close()
    assert process.returncode == 0
    assert stderr.startswith("SIMULATED")
    assert len(stderr.splitlines()) == 2


def test_a_port_in_use_ends_the_command_with_one_line() -> None:
    with running() as simulator, command("--port", str(urlsplit(simulator.url).port)) as process:
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 69
    assert "can't listen on 127.0.0.1" in stderr
    assert len(stderr.splitlines()) == 1


def test_a_url_file_that_cannot_be_written_ends_the_command_with_one_line(tmp_path: Path) -> None:
    with command("--port", "0", "--url-file", str(tmp_path / "no" / "folder")) as process:
        _, stderr = process.communicate(timeout=20)
    assert process.returncode == 73
    assert stderr.splitlines() == [f"fleet: can't write {tmp_path / 'no' / 'folder'}: No such file or directory"]


@pytest.mark.parametrize(
    "flags",
    [
        ("--mix", "nonsense"),
        ("--job-order", "nonsense"),
        ("--fault", "nonsense"),
        ("--rate-limit", "many"),
        ("--rate-limit", "5/0"),
        ("--latency", "-1"),
        ("--latency-of", "nowhere=5"),
        ("--dialect", "z"),
    ],
)
def test_a_mistyped_flag_is_a_usage_error(flags: tuple[str, ...]) -> None:
    with command(*flags) as process:
        _, stderr = process.communicate(timeout=20)
    assert process.returncode in {2, 64}
    assert "Traceback" not in stderr


def test_a_verbose_simulator_says_a_line_a_request() -> None:
    with command("--port", "0", "--verbose", "--latency", "1+1") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        connection = HTTPConnection(urlsplit(process.stdout.readline().strip()).netloc, timeout=10)
        connection.request("GET", "/api/gas/info")
        connection.getresponse().read()
        connection.close()
        lines = [process.stderr.readline() for _ in range(3)]
    assert lines[2] == "127.0.0.1 gas /api/gas/info\n"
