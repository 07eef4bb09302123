"""The simulator as a server: control endpoints, limit, latency and load."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleet.simulator.latency import Delay, Latency
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.rewards import RewardRule
from fleet.simulator.thread import RunningSimulator, running
from tasks.jobtypes import JOB_TYPES


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
