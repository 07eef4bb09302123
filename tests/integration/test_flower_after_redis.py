"""Redis ends while Flower asks workers about themselves, as at each invitation: Flower can ask again afterwards."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from config.settings import Settings
from fleet.local.redis_server import answers, free_port
from tasks.broker.transport import QoS
from tasks.worker.app import make_app
from tests.integration.test_flower_door import answer
from tests.support.processes import environ, eventually, started
from tests.support.redis_server import binary
from tests.support.workers import WORKER


@contextmanager
def redis_at(port: int, folder: Path) -> Iterator[str]:
    """A Redis on `port`, killed at the end of the block."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    url = f"redis://127.0.0.1:{port}/0"
    with subprocess.Popen([binary(), *options], stdout=subprocess.DEVNULL) as process:
        try:
            eventually("Redis's answer", lambda: answers(url))
            yield url
        finally:
            process.kill()


def test_pages_of_workers_and_queues_come_back(tmp_path: Path) -> None:
    port, page = free_port(), free_port()
    url = f"http://127.0.0.1:{page}"
    given = {
        "FLEET_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "FLEET_FLOWER__PORT": str(page),
        "FLEET_FLOWER__BASIC_AUTH": "farmer:password",
    }

    def status(path: str) -> int:
        return answer(url + path, b"farmer:password")

    def asked(first: int) -> list[threading.Thread]:
        asking = [threading.Thread(target=status, args=(f"/worker/{first + number}",)) for number in range(3)]
        for one in asking:
            one.start()
        return asking

    with ExitStack() as stack:
        redis = stack.enter_context(ExitStack())
        redis.enter_context(redis_at(port, tmp_path))
        flower = stack.enter_context(started([*WORKER, "flower"], tmp_path, environ(tmp_path, given)))
        eventually(f"Flower's answer\n{flower.words()}", lambda: status("/healthcheck") == 200)
        assert status("/worker/nobody") == 404
        # questions of before, during and after
        asking = asked(0)
        redis.close()
        asking += asked(10)
        redis.enter_context(redis_at(port, tmp_path))
        for one in asking:
            one.join()
        assert status("/worker/nobody") == 404
        assert status("/api/queues/length") == 200


def test_a_channel_without_acknowledgements_gives_its_connection_back(empty_redis_url: str) -> None:
    app = make_app(Settings(), empty_redis_url)
    app.conf.broker_transport_options = app.conf.broker_transport_options | {"ack_emulation": False}
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        assert not isinstance(channel.qos, QoS)
        channel.close()
        assert channel.closed
