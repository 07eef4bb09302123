"""Starts Flower on the farm's app: workers, jobs by type and miner, the queue's length."""

from __future__ import annotations

import signal
from typing import NoReturn

from config.settings import Settings
from tasks.flower.pages import pages
from tasks.worker.app import make_app

_COLUMNS = "name,uuid,state,args,worker,runtime,received,started,result"
_PURGE_OFFLINE_S = 600


def run_flower(settings: Settings, redis_url: str) -> int:
    """Serve Flower's pages until stopped. Returns the exit code."""
    app = make_app(settings, redis_url)
    # Flower acknowledges nothing, so it needs no access to the keys of unacknowledged jobs, and the sweep that restores
    # lost ones is left to the workers.
    app.conf.broker_transport_options = app.conf.broker_transport_options | {"ack_emulation": False}
    chosen: dict[str, object] = {
        "address": settings.flower.address,
        "port": settings.flower.port,
        "url_prefix": settings.flower.url_prefix,
        "max_tasks": settings.flower.max_tasks,
        "purge_offline_workers": _PURGE_OFFLINE_S,
        "read_only": True,
        "tasks_columns": _COLUMNS,
    }
    if settings.flower.basic_auth is not None:
        chosen["basic_auth"] = [settings.flower.basic_auth.get_secret_value()]
    web = pages(app, chosen)
    signal.signal(signal.SIGTERM, _end)
    web.start_http_server()
    try:
        web.start()
    except (KeyboardInterrupt, SystemExit):
        web.stop()
    return 0


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)
