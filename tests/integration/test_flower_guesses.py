"""Flower under a path of its own, to somebody who guesses its password, and while Redis is away."""

from __future__ import annotations

import base64
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from fleet.local.redis_server import free_port
from tasks.flower.guesses import BURST
from tests.support import redis_server
from tests.support.processes import Started, environ, eventually, started
from tests.support.workers import WORKER, job, send, worker

PASSWORD = "farmer:a-long-password"


@contextmanager
def flower(redis_url: str, folder: Path, **settings: str) -> Iterator[tuple[Started, str]]:
    """A Flower that answers, and its URL without any path."""
    port = free_port()
    given = {"FLEET_REDIS_URL": redis_url, "FLEET_FLOWER__PORT": str(port), **settings}
    prefix = settings.get("FLEET_FLOWER__URL_PREFIX", "")
    with started([*WORKER, "flower"], folder, environ(folder, given)) as process:
        url = f"http://127.0.0.1:{port}"
        path = f"/{prefix}/healthcheck" if prefix else "/healthcheck"
        eventually(f"Flower's answer\n{process.words()}", lambda: asked(url + path)[0] == 200)
        yield process, url


def asked(url: str, password: str = "") -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of the answer; status 0 for none."""
    headers = {"Authorization": f"Basic {base64.b64encode(password.encode()).decode()}"} if password else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as reply:  # noqa: S310
            return int(reply.status), reply.read().decode(errors="replace"), dict(reply.headers)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode(), dict(exc.headers)
    except OSError as exc:
        return 0, str(exc), {}


def test_a_guesser_is_slowed_down_and_the_right_password_is_not_looked_at_meanwhile(
    redis_url: str, tmp_path: Path
) -> None:
    with flower(redis_url, tmp_path, FLEET_FLOWER__BASIC_AUTH=PASSWORD) as (process, url):
        page = f"{url}/workers"
        for _ in range(3 * BURST):
            assert asked(page)[0] == 401, "a request without a password is no guess"
        statuses = [asked(page, f"farmer:guess-{number}")[0] for number in range(100)]
        assert statuses[:BURST] == [401] * BURST
        assert set(statuses[BURST:]) <= {401, 429}
        assert statuses.count(401) <= BURST + 3
        status, text, headers = asked(page, PASSWORD)
        assert status == 429
        assert "too many wrong passwords from 127.0.0.1: try again in" in text
        assert 1 <= int(headers["Retry-After"]) <= 10
        assert asked(f"{url}/healthcheck")[0] == 200
        process.says("too many wrong passwords from 127.0.0.1")
        eventually("the right password's turn", lambda: asked(page, PASSWORD)[0] == 200)


def test_flower_lives_under_the_path_at_which_a_proxy_hands_it_on(redis_url: str, tmp_path: Path) -> None:
    with flower(redis_url, tmp_path, FLEET_FLOWER__URL_PREFIX="pages/flower") as (_, url):
        status, text, _ = asked(f"{url}/pages/flower/workers")
        assert status == 200
        links = [part.split('"')[0] for part in text.split('src="')[1:]]
        assert links
        for link in links:
            assert link.startswith("/pages/flower/static/")
            assert asked(url + link)[0] == 200
        assert asked(f"{url}/workers")[0] == 404


@pytest.mark.timeout(180)
def test_flower_goes_on_after_redis_was_away_and_raises_nothing(tmp_path: Path) -> None:
    mortal = redis_server.Mortal(redis_server.binary(), tmp_path)
    (tmp_path / "worker").mkdir()
    (tmp_path / "flower").mkdir()
    with (
        mortal as redis_url,
        worker(redis_url, tmp_path / "worker"),
        flower(redis_url, tmp_path / "flower") as (process, url),
    ):
        for number in range(3):
            if number:
                mortal.kill()
                eventually("word of it", lambda: process.words().count("can't be received") > 0)
                assert asked(f"{url}/workers?refresh=1")[0] == 200
                mortal.start()
            eventually("a job that Flower sees", partial(seen_once_more, redis_url, url, jobs_seen(url)))
        assert "Traceback" not in process.words(), process.words()


def seen_once_more(redis_url: str, flower_url: str, before: float) -> bool:
    """Have one more job computed; whether Flower has heard of more than `before`."""
    send(redis_url, job(secrets.token_hex(8), {"transactions": []}))
    time.sleep(0.5)
    return jobs_seen(flower_url) > before


def jobs_seen(url: str) -> float:
    """How many jobs Flower has seen succeed."""
    lines = asked(f"{url}/metrics")[1].splitlines()
    seen = [line for line in lines if "events_total" in line and 'type="task-succeeded"' in line]
    return sum(float(line.rpartition(" ")[2]) for line in seen)
