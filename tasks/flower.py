"""Flower on the farm's app: workers, jobs by type and miner, the queue's length."""

from __future__ import annotations

from config.settings import Settings
from tasks.app import make_app


def run_flower(settings: Settings, redis_url: str) -> int:
    """Serve Flower's pages until told to stop; the process's exit code."""
    app = make_app(settings, redis_url)
    # Flower acknowledges nothing. So it needs no right to the keys in which jobs wait for that, and the sweep that
    # gives lost ones away again is left to the workers.
    app.conf.broker_transport_options = app.conf.broker_transport_options | {"ack_emulation": False}
    options = [
        "flower",
        f"--address={settings.flower.address}",
        f"--port={settings.flower.port}",
        f"--max-tasks={settings.flower.max_tasks}",
        "--purge-offline-workers=600",
        "--read-only",
        "--tasks-columns=name,uuid,state,args,worker,runtime,received,started,result",
    ]
    if settings.flower.basic_auth is not None:
        # pydantic checked the form; Flower takes it from its own options only
        options.append(f"--basic-auth={settings.flower.basic_auth.get_secret_value()}")
    app.start(options)
    return 0
