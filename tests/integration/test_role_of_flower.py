"""A real Flower under the rules of its role: it shows workers and jobs, asks workers, and is denied nothing."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from fleet.hosts.redis_acl import user_of_host
from fleet.local.redis_server import free_port
from tests.integration.test_role_of_a_worker import farm
from tests.support.processes import environ, eventually, started
from tests.support.role_redis import RoleRedis
from tests.support.workers import WORKER, job, send, worker

__all__ = ["farm"]

_BINDING = "_kombu.binding.reply.celery.pidbox"


def test_flower_hears_events_and_asks_workers_without_scripts_and_is_denied_nothing(
    farm: RoleRedis, tmp_path: Path
) -> None:
    port = free_port()
    given = {"FLEET_REDIS_URL": farm.url("flower"), "FLEET_FLOWER__PORT": str(port)}
    here = f"http://127.0.0.1:{port}"
    with (
        worker(farm.url(user_of_host("attic")), tmp_path),
        started([*WORKER, "flower"], tmp_path, environ(tmp_path, given)),
    ):
        eventually("the worker's heartbeat", lambda: 'worker="worker@bench"' in _text(f"{here}/metrics"))
        send(farm.url("coordinator"), job("job-1", {}))
        eventually("the job", lambda: 'type="task-succeeded"' in _text(f"{here}/metrics"))
        # the page asks the worker, which answers through Redis
        page = f"{here}/worker/worker@bench"
        eventually("the worker's pool", lambda: "max concurrency" in _text(page).lower())
        with farm.root() as client:
            # it expires soon after each question, so one may be answered and forgotten before this looks
            eventually("a binding that expires", lambda: _text(page) and client.pttl(_BINDING) > 0)
        assert farm.denied() == []


def _text(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - a URL of this test
            return str(answer.read().decode())
    except OSError:
        return ""
