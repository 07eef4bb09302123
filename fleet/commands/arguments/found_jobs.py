"""Finds jobs by the ids that people type: whole, their beginnings, or Flower's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from config.server_tables import ServerSettings
from fleet.broker.disguise import split_id
from fleet.commands.exits import EX_DATAERR, Failure
from fleet.ledger.reports.job_history import Life, Match, find

#: maximum number of jobs shown where the beginning of an id matches several
_LISTED = 10
#: suffix of a later attempt's id in Flower and in the workers' logs
_ATTEMPT = re.compile(r"~[0-9]+$")


def wanted_id(text: str) -> str:
    """The id of a job, or its beginning, without the number of an attempt. Raises a usage error for an empty one."""
    wanted = _ATTEMPT.sub("", text.strip())
    if not wanted:
        raise click.UsageError("ID is empty: name a job, or the beginning of its id")
    return wanted


def found_jobs(engine: Any, wanted: str, servers: Sequence[ServerSettings], exit_code: int = EX_DATAERR) -> list[Life]:
    """The histories of a job, at the server that its id names, if it names one.

    Raises a Failure with this exit code without any, or with several jobs.
    """
    accounts = {server.name: server.ledger_name for server in servers}
    name, own = split_id(wanted)
    account = accounts.get(name) if own else None
    job_id = wanted if account is None else own
    lives, found = find(engine, job_id, _LISTED + 1, account)
    if not lives:
        raise _missing(found, wanted, exit_code)
    return lives


def _missing(found: list[Match], wanted: str, exit_code: int) -> Failure:
    """The failure to find one job only, with a list if several begin with what was wanted."""
    if not found:
        return Failure(f"the ledger has no job {wanted!r}", exit_code)
    how_many = f"more than {_LISTED}" if len(found) > _LISTED else f"{len({one.job_id for one in found})}"
    listed = [f"  {one.job_id}  {one.assigned_at}  {one.miner}  {one.job_type}, {one.state}" for one in found]
    words = f"{how_many} jobs begin with {wanted!r}; the newest are:"
    return Failure("\n".join([words, *listed[:_LISTED]]), exit_code)
