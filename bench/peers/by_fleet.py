"""The fleet's own dispatcher and Celery workers; `python -m bench.peers.by_fleet` sends the load.

The settings come from the environment.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

from bench.peers.load import print_timing, reader
from config.load import load
from fleet.broker.dispatch import Dispatcher
from fleet.domain.effects import Dispatch
from tasks.broker.redis_client import redis_client
from tasks.messages import JobMessage
from tasks.worker.app import make_app

#: kernel time that a farm measures for light jobs, in ms
_EXPECTED_MS = 0.2


def main() -> None:
    """Send the load, every job under a new id."""
    settings = load()
    assert settings.redis_url is not None
    url = settings.redis_url.get_secret_value()
    bundle_ms = settings.dispatch.bundle_ms
    dispatcher = Dispatcher(make_app(settings, url), redis_client(url), lambda _: None, bundle_ms=bundle_ms)
    numbers = itertools.count()

    def send(job: JobMessage) -> None:
        message = replace(job, job_id=f"{job.job_id}-{next(numbers)}")
        dispatcher.dispatch(Dispatch(message=message, expected_ms=_EXPECTED_MS))

    print_timing(send, reader(url))
    dispatcher.close()


if __name__ == "__main__":
    main()
