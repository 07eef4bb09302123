"""Ends a command whose settings are wrong, and reports a `.env` that was not read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from config.errors import ConfigError
from config.load import unread_env_file
from fleet.commands.exits import EX_CONFIG, Failure


@contextmanager
def settings_or_exit(*, notes: bool = True) -> Iterator[None]:
    """Turn a ConfigError of the block into a Failure with EX_CONFIG.

    `notes` says whether to report a `.env` that was not read; a command started by another one need not repeat it.
    """
    try:
        yield
    except ConfigError as exc:
        raise Failure(str(exc), EX_CONFIG) from exc
    unread = unread_env_file() if notes else None
    if unread is not None:
        advice = f"run this command in {unread.parent}, or set FLEET_ENV_FILE={unread}"
        click.echo(f"fleet: {unread} is not read from this folder; {advice}", err=True)
