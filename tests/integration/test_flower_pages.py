"""Flower's pages in a real browser, while somebody with a worker's password sends markup for every field."""

from __future__ import annotations

import html
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest

from fleet.local.redis_server import free_port
from tasks.compute.inventory import inventory
from tasks.messages import JOBS_QUEUE
from tests.support.browser import browser, seen
from tests.support.hostile_worker import MARKUP, NAME, TRACE, answering, every_event, publish, task_event
from tests.support.processes import environ, eventually, started
from tests.support.workers import WORKER, job, results, send, worker

JOB = "11111111-2222-3333-4444-555555555555"
PAGES = ("/", "/workers", "/tasks", "/broker", f"/worker/{NAME}", "/worker/worker@bench", f"/task/{JOB}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """A Flower that has seen a worker of ours and a hostile one."""

    url: str
    browser: str
    folder: Path
    #: the list of tasks when a task whose arguments are a list with markup was its newest
    first_look: str = ""

    def page(self, path: str) -> str:
        """What the browser shows."""
        return seen(self.url + quote(path, safe="/@?="), command=self.browser, folder=self.folder)

    def text(self, path: str) -> str:
        """What Flower answers."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310 - a URL of this test
            body: str = answer.read().decode()
            return body

    def headers(self, path: str) -> dict[str, str]:
        """What Flower says beside its answer."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310 - a URL of this test
            return dict(answer.headers)


@pytest.fixture(scope="module")
def watched(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    command = browser()
    folder = tmp_path_factory.mktemp("pages")
    port = free_port()
    given = {"FLEET_REDIS_URL": redis_url, "FLEET_FLOWER__PORT": str(port), "FLOWER_UNAUTHENTICATED_API": "true"}
    with (
        worker(redis_url, folder),
        answering(redis_url),
        started([*WORKER, "flower"], folder, environ(folder, given)),
    ):
        one = Watched(url=f"http://127.0.0.1:{port}", browser=command, folder=folder)
        eventually("Flower's answer", lambda: answers(one))
        # Flower hears only what is sent while it listens
        eventually("the worker's heartbeat", lambda: 'worker="worker@bench"' in one.text("/metrics"))
        send(redis_url, job(JOB, {"transactions": []}))
        results(redis_url, 1)
        eventually("the job", lambda: 'task="neonet.fraud_detection",type="task-succeeded"' in one.text("/metrics"))
        publish(redis_url, [task_event("task-received", "the-first", args=[MARKUP])])
        eventually("the first hostile event", lambda: 'worker="worker@bad"' in one.text("/metrics"))
        yield replace(one, first_look=one.page("/tasks"))


@pytest.fixture(scope="module")
def flooded(watched: Watched, redis_url: str) -> Watched:
    """The same Flower once markup was sent for every field of every event."""
    publish(redis_url, [*every_event(), task_event("task-revoked", "the-last")])
    eventually("the last hostile event", lambda: 'type="task-revoked"' in watched.text("/metrics"))
    return watched


def answers(one: Watched) -> bool:
    """Whether Flower listens."""
    try:
        return one.text("/healthcheck") == "OK"
    except OSError:
        return False


def test_a_list_with_markup_as_the_arguments_of_a_task_is_shown_as_text(watched: Watched) -> None:
    assert "the-first" in watched.first_look
    assert TRACE not in watched.first_look


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_what_a_hostile_worker_wrote(flooded: Watched, path: str) -> None:
    page = flooded.page(path)
    assert "page-section" in page
    assert TRACE not in page


def test_a_task_of_the_hostile_worker_runs_nothing_on_its_own_page(flooded: Watched) -> None:
    listed = [uuid for uuid in json.loads(flooded.text("/api/tasks?limit=500")) if uuid != JOB]
    assert {"list-args", "object-result", "text-name"} <= set(listed)
    for uuid in listed[:6]:
        page = flooded.page(f"/task/{uuid}")
        assert "Task details" in page
        assert TRACE not in page


def test_the_pages_show_what_they_should_under_the_policy(flooded: Watched) -> None:
    assert JOB in flooded.page("/tasks?name=neonet.fraud_detection")
    workers = flooded.page("/workers")
    # the table is filled by Flower's script, and refreshed by the one in the page
    assert "worker-name-link" in workers
    assert "Updated" in workers
    assert "neonet.fraud_detection" in flooded.page(f"/task/{JOB}")
    assert JOBS_QUEUE in flooded.page("/broker")


def test_a_workers_page_shows_the_hardware_of_its_host(watched: Watched) -> None:
    here = inventory()
    page = watched.text("/worker/worker@bench")
    for text in (f"'cores': {here.hardware.cpu_cores}", here.processor, here.numpy, "'class': "):
        assert html.escape(text, quote=True) in page


def test_every_answer_carries_the_policy(flooded: Watched) -> None:
    for path in (*PAGES, "/metrics", "/healthcheck", "/static/js/flower.js"):
        policy = flooded.headers(path)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        script = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "unsafe-inline" not in script


def test_the_labels_of_the_metrics_are_text_of_known_kinds(flooded: Watched) -> None:
    lines = [line for line in flooded.text("/metrics").splitlines() if line.startswith("flower_events_total{")]
    assert any('worker="worker@bench"' in line for line in lines)
    kinds = {line.partition('type="')[2].partition('"')[0] for line in lines}
    assert kinds <= {
        "worker-online",
        "worker-heartbeat",
        "task-received",
        "task-started",
        "task-succeeded",
        "task-failed",
        "task-revoked",
    }
    tasks = {line.partition('task="')[2].partition('"')[0] for line in lines}
    assert tasks <= {"", "other", "neonet.inference", "neonet.fraud_detection"}
    # a list in a label would be shown as Python writes it
    assert not any(f"['{MARKUP[:4]}" in line for line in lines)
