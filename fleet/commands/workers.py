"""`fleet workers`: shows the workers that take jobs now: their hosts' hardware, their processes and their release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from config.load import load
from config.settings import Settings
from fleet.broker.worker_statements import stated_by_workers
from fleet.commands.exits import EX_UNAVAILABLE, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import Sheet, console, line
from fleet.domain.wall_clock import wall_ms
from fleet.local.running import farm_of
from fleet.status.snapshot_file import read_snapshot
from fleet.status.standing import status_folder
from tasks.broker.statement import Statement
from tasks.host.host_names import host_of
from tasks.jobtypes import CLASSES, JOB_TYPES
from tasks.text import sanitized

_COLUMNS = (
    *("worker", "cores", "memory", "GPUs", "class", "processor", "numpy, BLAS"),
    *("release", "key", "checked", "wrong"),
)


@click.command("workers")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def workers(*, as_json: bool) -> None:
    """Show the workers that are there now, with what each states of its host: cores, memory and GPUs that it may use,
    whether it computes on a GPU, the highest class of jobs that it takes, processor, numpy and BLAS, the key that it
    signs results with, and why it pauses. Nothing of it is verified. `fleet bench host` measures a host. The last
    columns are what checks of its host's results found since the coordinator's start.

    \b
    Examples:
      fleet workers
      fleet workers --json | jq '.workers[] | select(.gpus != [])'
    """
    with settings_or_exit():
        settings = load()
    with farm_errors():
        stated = stated_by_workers(_redis_url(settings))
    checks = _checks(settings)
    if as_json:
        rows = [_fields(name, one) | {"checks": checks.get(host_of(name))} for name, one in stated.items()]
        click.echo(json.dumps({"workers": rows}))
    else:
        _print(stated, checks)


def _checks(settings: Settings) -> dict[str, Mapping[str, Any]]:
    """What checks found of each host, by the coordinator's snapshot; empty where none runs here."""
    found = read_snapshot(status_folder(settings), wall_ms())
    hosts = found.figures.get("hosts") or () if found is not None and found.usable else ()
    return {row["name"]: row["checks"] for row in hosts if row.get("checks")}


def _redis_url(settings: Settings) -> str:
    farm = farm_of(settings)
    own = None if farm is None else farm.redis_url
    url = own if settings.redis_url is None else settings.redis_url.get_secret_value()
    if url is None:
        advice = "start one by `fleet up`, or set FLEET_REDIS_URL to the Redis of another one"
        raise Failure(f"no farm runs in {settings.state_dir}: {advice}", EX_UNAVAILABLE)
    return url


def _print(stated: Mapping[str, Statement | None], checks: Mapping[str, Mapping[str, Any]]) -> None:
    screen = console()
    if not stated:
        line(screen, "no worker takes jobs now; `fleet worker` starts one, and docs/hosts.md says how on other hosts")
        return
    sheet = Sheet(_COLUMNS, right=("cores", "memory", "checked", "wrong"))
    for name, one in stated.items():
        found = checks.get(host_of(name))
        checked = ("", "") if found is None else (f"{found['checked']:,}", f"{found['wrong']:,}")
        wrong = (one is not None and one.wrong_key) or (found is not None and bool(found["wrong"]))
        sheet.add((name, *_host_cells(one), _key(one), *checked), style="red" if wrong else "")
    sheet.print(screen)
    for name, one in stated.items():
        if one is not None and one.pauses:
            line(screen, f"{name} pauses: {one.pauses}")


def _host_cells(one: Statement | None) -> tuple[str, ...]:
    """What a worker states of its host and its release, from the cores to the release."""
    if one is None or one.host is None:
        return ("", "", "", CLASSES[0].name, "not stated", "", "an earlier one" if one is None else one.release)
    host = one.host
    gpus = ", ".join(f"{sanitized(model)} {memory_mb:,} MB" for model, memory_mb in host.gpus) or "none"
    return (
        f"{host.cores}" if host.cpu_percent is None else f"{host.cpu_percent:g} % of {host.cores}",
        f"{host.memory_mb:,} MB",
        f"{gpus}, in use" if host.device == "gpu" else gpus,
        CLASSES[host.level - 1].name,
        sanitized(host.processor),
        sanitized(" ".join(host.kind[1:4])),
        one.release,
    )


def _key(one: Statement | None) -> str:
    """The key that a worker signs its results with, by its host's name."""
    if one is None or not one.signs:
        return "none"
    signer = "" if one.host is None else one.host.signer
    return "WRONG" if one.wrong_key else sanitized(signer) or "one"


def _fields(name: str, one: Statement | None) -> dict[str, Any]:
    if one is None:
        return {"worker": name}
    host = one.host
    return {
        "worker": name,
        "release": one.release,
        "wire": one.wire,
        "pauses": one.pauses or None,
        "signs": one.signs,
        "wrong_key": one.wrong_key,
        "cores": None if host is None else host.cores,
        "cpu_percent": None if host is None else host.cpu_percent,
        "memory_mb": None if host is None else host.memory_mb,
        "class": CLASSES[0 if host is None else host.level - 1].name,
        "job_types": _types(1 if host is None else host.level),
        "gpus": None if host is None else [{"model": model, "memory_mb": memory} for model, memory in host.gpus],
        "device": None if host is None else host.device,
        "processor": None if host is None else host.processor,
        "kind": None if host is None else list(host.kind),
    }


def _types(level: int) -> list[str]:
    """The job types that a host of this level qualifies for."""
    return [name for name, one in JOB_TYPES.items() if one.level <= level]
