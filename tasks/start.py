"""The start of a worker, of Flower or of a measurement: settings, log, first contact with Redis, then the work."""

from __future__ import annotations

import importlib
import logging
import sys

from config.errors import ConfigError
from config.hiding import hidden, hide_in_tracebacks
from config.load import load, without_secrets
from config.logs import set_up
from config.streams import never_blocking, open_streams, outlive_streams
from tasks.broker.handshake import process_refusal
from tasks.host import processor
from tasks.host.blas import prepare_blas
from tasks.host.open_files import raise_limit

_log = logging.getLogger(__name__)
_EX_UNAVAILABLE = 69
_EX_CONFIG = 78
#: the function to run; its module is imported only after the checks, since numpy crashes on a processor that is too old
_WORKER = ("tasks.worker.run", "run_worker")
_FLOWER = ("tasks.flower.start", "run_flower")


def main() -> int:
    """Load the settings, then work. Returns 78 when the settings are wrong, 69 when the farm refuses this process."""
    prepare_blas()
    open_streams()
    hide_in_tracebacks()
    outlive_streams()
    if sys.argv[1:2] == ["bench"]:
        return _measure(sys.argv[2:])
    if sys.argv[1:] == ["recompute"]:
        return _recompute()
    try:
        settings = load()
    except ConfigError as exc:
        print(hidden(str(exc)), file=sys.stderr)
        return _EX_CONFIG
    set_up(settings.log)
    raise_limit()
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
    refusal = process_refusal(url, as_worker=not flower)
    if refusal is not None:
        print(refusal, file=sys.stderr)
        return _EX_CONFIG if refusal.permanent else _EX_UNAVAILABLE
    if not flower and _unfit():
        return _EX_UNAVAILABLE
    module, run = _FLOWER if flower else _WORKER
    with never_blocking():
        code: int = getattr(importlib.import_module(module), run)(settings, url)
    return code


def _measure(arguments: list[str]) -> int:
    """Measure this host: seconds a sample, and a number of processes if it shall not be a worker's own."""
    if _unfit():
        return _EX_UNAVAILABLE
    seconds, *processes = arguments
    code: int = importlib.import_module("tasks.bench.run").run(int(processes[0]) if processes else None, float(seconds))
    return code


def _recompute() -> int:
    """Compute the jobs on stdin again."""
    if _unfit():
        return _EX_UNAVAILABLE
    code: int = importlib.import_module("tasks.bench.recompute").run(sys.stdin, sys.stdout)
    return code


def _unfit() -> bool:
    """Whether numpy can't run on this processor, which is said then."""
    unfit = processor.refusal()
    if unfit is not None:
        print(unfit, file=sys.stderr)
    return unfit is not None
