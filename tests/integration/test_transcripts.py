"""The recorded exchanges of the real servers, replayed against the simulator in their dialect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fleet.simulator.mix import Mix
from fleet.simulator.options import SimulatorOptions
from fleet.simulator.ratelimit import RateLimit
from fleet.simulator.thread import running

TRANSCRIPTS = Path(__file__).parents[3] / "shared" / "neonet" / "transcripts"

pytestmark = pytest.mark.skipif(not TRANSCRIPTS.is_dir(), reason="the recorded exchanges aren't beside this checkout")


def exchanges(name: str) -> list[dict[str, Any]]:
    """One transcript."""
    loaded: list[dict[str, Any]] = json.loads((TRANSCRIPTS / f"{name}.json").read_text())
    return loaded


def send(url: str, request: dict[str, Any]) -> tuple[int, str, bytes]:
    """Status, content type and body that the simulator answers."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        body = request["body"]
        raw = None if body is None else body["__raw__"] if "__raw__" in body else json.dumps(body)
        connection.request(request["method"], request["path"], raw, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"], answer.read()
    finally:
        connection.close()


def tasks_in(value: object) -> Iterator[dict[str, Any]]:
    """Every task in an answer, in order."""
    if isinstance(value, dict):
        if "task_type" in value:
            yield value
        for item in value.values():
            yield from tasks_in(item)


def job_order(transcript: list[dict[str, Any]]) -> tuple[str, ...]:
    """The types in which the recorded server handed out its jobs."""
    seen: dict[str, str] = {}
    for exchange in transcript:
        for task in tasks_in(exchange["response"]["body"]):
            seen.setdefault(task["task_id"], task["task_type"])
    return tuple(seen.values())


def shape(value: object) -> object:
    """Keys and JSON types; lists by the shapes of their items; error texts as they are."""
    if isinstance(value, dict):
        return {key: item if key in {"detail", "error"} else shape(item) for key, item in value.items()}
    if isinstance(value, list):
        shapes = [shape(item) for item in value]
        return [item for index, item in enumerate(shapes) if item not in shapes[:index]]
    return type(value).__name__


class Substitution:
    """Ids of the recording → ids of the simulator, learnt from the answers."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def learn(self, recorded: object, answered: object) -> None:
        """Take session and task ids that stand in the same place."""
        if isinstance(recorded, dict) and isinstance(answered, dict):
            for key, value in recorded.items():
                if key in {"task_id", "session_id", "current_session"} and isinstance(value, str):
                    self._ids[value] = answered[key]
                else:
                    self.learn(value, answered.get(key))

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(request)
        for recorded, own in self._ids.items():
            text = text.replace(recorded, own)
        substituted: dict[str, Any] = json.loads(text)
        return substituted


@pytest.mark.parametrize("dialect", ["a", "b"])
def test_every_recorded_exchange_is_answered_with_the_same_status_and_shape(dialect: str) -> None:
    transcript = exchanges(f"server-{dialect}")
    options = SimulatorOptions(dialect=dialect, seed=1, mix=Mix(order=job_order(transcript)))
    substitute = Substitution()
    with running(options) as simulator:
        for step, exchange in enumerate(transcript):
            recorded = exchange["response"]
            status, content_type, body = send(simulator.url, substitute(exchange["request"]))
            label = f"step {step}, {exchange['label']}"
            assert (status, content_type) == (recorded["status"], recorded["headers"]["content-type"]), label
            if "__not_json__" in (recorded["body"] or {}):
                assert body.decode() == recorded["body"]["__not_json__"], label
                continue
            answered = json.loads(body)
            substitute.learn(recorded["body"], answered)
            assert shape(answered) == shape(recorded["body"]), label
            assert list(answered) == list(recorded["body"]), label


@pytest.mark.parametrize("dialect", ["a", "b"])
def test_constant_texts_are_those_of_the_recording(dialect: str) -> None:
    """Words that a client may match on: messages, descriptions, names of models, units of fees."""
    transcript = exchanges(f"server-{dialect}")
    options = SimulatorOptions(dialect=dialect, seed=1, mix=Mix(order=job_order(transcript)))
    words = {
        "message",
        "next_step",
        "note",
        "instructions",
        "description",
        "status",
        "reward_type",
        "fee_model",
        "phase",
    }
    substitute = Substitution()
    with running(options) as simulator:
        for exchange in transcript:
            recorded = exchange["response"]["body"]
            _, _, body = send(simulator.url, substitute(exchange["request"]))
            if "__not_json__" in (recorded or {}):
                continue
            answered = json.loads(body)
            substitute.learn(recorded, answered)
            for key in words & recorded.keys():
                if "earned" not in str(recorded[key]):
                    assert answered[key] == recorded[key], exchange["label"]
            for key in ("initial_task", "next_task"):
                if key in recorded:
                    assert answered[key]["description"] == recorded[key]["description"], exchange["label"]


def test_release_a_counts_what_heartbeats_report_and_nothing_else() -> None:
    """The recorded figures: 20 paid submissions by the first miner, and 14 tasks that a heartbeat reported."""
    transcript = exchanges("server-a")
    options = SimulatorOptions(dialect="a", seed=1, mix=Mix(order=job_order(transcript)))
    substitute = Substitution()
    with running(options) as simulator:
        answers = []
        for exchange in transcript:
            answers.append(send(simulator.url, substitute(exchange["request"]))[2])
            if "__not_json__" not in (exchange["response"]["body"] or {}):
                substitute.learn(exchange["response"]["body"], json.loads(answers[-1]))
    by_label = {exchange["label"]: answer for exchange, answer in zip(transcript, answers, strict=True)}
    stats = json.loads(by_label["stats"])
    assert stats["total_tasks_completed"] == 14
    assert json.loads(by_label["heartbeat"])["tasks_completed"] == 10
    assert json.loads(by_label["stop"])["summary"]["avg_cpu_usage"] == 53.625
    assert stats["total_rewards_distributed"] == json.loads(by_label["stop"])["summary"]["rewards_earned"]


def test_the_rate_limit_refuses_as_recorded() -> None:
    recorded = exchanges("rate-limit")
    allowed = int(recorded[-1]["label"].split()[1]) - 1
    options = SimulatorOptions(dialect="a", rate_limit=RateLimit(requests=allowed, window_s=60))
    with running(options) as simulator:
        answers = [send(simulator.url, recorded[0]["request"]) for _ in range(allowed + 1)]
        for (status, content_type, body), exchange in zip(answers[-len(recorded) :], recorded, strict=True):
            assert (status, content_type) == (exchange["response"]["status"], "application/json")
            assert shape(json.loads(body)) == shape(exchange["response"]["body"])
