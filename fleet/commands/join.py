"""`fleet join`: runs the workers of another host."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from config.handed_on import handed_on
from config.load import load
from fleet.commands.exits import EX_UNAVAILABLE, EX_USAGE, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.hosts.invitation import Invitation, InvitationError
from fleet.hosts.join import join_farm
from fleet.hosts.secret_files import write_secret
from tasks.host.module_command import module_command


@click.command("join")
@click.argument("invitation", required=False, envvar="NEONET_INVITATION")
@click.option("--concurrency", type=click.IntRange(1, 4096), metavar="N", help="Pool processes (this host's cores).")
@click.option("--name", metavar="NAME", help="The worker's name in Flower and in the ledger (the one invited).")
@click.option("--check", is_flag=True, help="Save and test the invitation, but start no worker.")
def join(invitation: str | None, concurrency: int | None, name: str | None, *, check: bool) -> None:
    """Compute jobs for a farm on another host, which printed INVITATION; `-` reads it from stdin.

    The connection is TLS, to a Redis whose certificate the farm's own authority signed. An invitation can be used once:
    the access that it gives is kept in FLEET_STATE_DIR/join, for later starts without INVITATION. One on the
    command line can be read by every user of this host while it is tried; NEONET_INVITATION in the environment can't.
    SIGTERM finishes the jobs at hand.

    \b
    Example:
      fleet join - <invitation
    """
    with settings_or_exit():
        folder = load().state_dir / "join"
    if invitation is not None:
        _keep(sys.stdin.readline().strip() if invitation == "-" else invitation, folder)
    elif not (folder / "FLEET_REDIS_URL").exists():
        raise Failure("no invitation was given, and none is kept: run docker/invite on the farm's first host", EX_USAGE)
    if check:
        return
    given = {"FLEET_WORKER__CONCURRENCY": concurrency, "FLEET_WORKER__NAME": name, "FLEET_SECRETS_DIR": folder}
    # exec replaces the process, so that a worker has none of the coordinator's code in memory
    environ = handed_on(os.environ) | {key: str(value) for key, value in given.items() if value is not None}
    environ.pop("NEONET_INVITATION", None)
    os.execve(sys.executable, module_command("tasks"), environ)  # noqa: S606 - an argument list, no shell


def _keep(line: str, folder: Path) -> None:
    """Use the invitation, unless it is the last one used, which an environment variable repeats at each start."""
    used, digest = folder / "invitation.sha256", hashlib.sha256(line.encode()).hexdigest()
    if used.exists() and used.read_text(encoding="utf-8") == digest:
        return
    try:
        read = Invitation.decode(line)
    except InvitationError as exc:
        raise Failure(str(exc), EX_USAGE) from exc
    if read.expires_at < time.time():
        when = datetime.fromtimestamp(read.expires_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        raise Failure(f"this invitation expired at {when}: have {read.host} invited again", EX_UNAVAILABLE)
    with farm_errors():
        join_farm(read, folder)
        write_secret(used, digest)
    click.echo(f"joined {read.address}:{read.port} as {read.host}, over TLS", err=True)
