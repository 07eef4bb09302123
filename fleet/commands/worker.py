"""`fleet worker`: runs the workers of a farm on this host."""

from __future__ import annotations

import os
import sys

import click

from config.handed_on import handed_on
from config.load import load
from fleet.commands.loading import settings_or_exit
from tasks.host.module_command import module_command


@click.command("worker")
@click.option("--concurrency", type=click.IntRange(1, 4096), metavar="N", help="Pool processes (this host's cores).")
@click.option("--name", metavar="NAME", help="The worker's name in Flower and in the ledger (this host's name).")
def worker(concurrency: int | None, name: str | None) -> None:
    """Compute jobs that the coordinator dispatches, until stopped. SIGTERM finishes the current jobs first.

    Needs FLEET_REDIS_URL, the Redis that the coordinator uses. Sees no session, no server and no reward.

    \b
    Example:
      FLEET_REDIS_URL=redis://:secret@10.0.0.5:6379/0 fleet worker --concurrency 8
    """
    given = {"FLEET_WORKER__CONCURRENCY": concurrency, "FLEET_WORKER__NAME": name}
    with settings_or_exit():
        load({"worker.concurrency": concurrency, "worker.name": name})
    # exec replaces the process, so that a worker has none of the coordinator's code in memory
    environ = handed_on(os.environ) | {key: str(value) for key, value in given.items() if value is not None}
    os.execve(sys.executable, module_command("tasks"), environ)  # noqa: S606 - our own program
