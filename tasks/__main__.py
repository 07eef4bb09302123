"""`python -m tasks` starts a worker on this host; `python -m tasks flower` starts Flower."""

from __future__ import annotations

import logging
import sys

from config.errors import ConfigError
from config.load import load, without_secrets
from config.logs import set_up
from config.streams import open_streams, outlive_streams, unhindered
from tasks.blas import single_threaded
from tasks.broker import turned_away
from tasks.flower import run_flower
from tasks.worker import run_worker

_log = logging.getLogger(__name__)
_EX_UNAVAILABLE = 69
_EX_CONFIG = 78


def main() -> int:
    """Load the settings, then work; exit code 78 when they are wrong, 69 when the farm turns this process away."""
    single_threaded()
    open_streams()
    outlive_streams()
    try:
        settings = load()
    except ConfigError as exc:
        print(exc, file=sys.stderr)
        return _EX_CONFIG
    set_up(settings.log)
    unread = without_secrets()
    if unread is not None:
        _log.warning(unread)
    if settings.redis_url is None:
        print(
            "FLEET_REDIS_URL is not set: name the Redis that the coordinator uses, or run `fleet up`", file=sys.stderr
        )
        return _EX_CONFIG
    url = settings.redis_url.get_secret_value()
    flower = sys.argv[1:] == ["flower"]
    refusal = turned_away(url, as_worker=not flower)
    if refusal is not None:
        print(refusal, file=sys.stderr)
        return _EX_CONFIG if refusal.permanent else _EX_UNAVAILABLE
    with unhindered():
        return run_flower(settings, url) if flower else run_worker(settings, url)


if __name__ == "__main__":
    sys.exit(main())
