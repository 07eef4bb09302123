"""`fleet pause`, `resume`, `drain` and `retry`: steer a farm, or a part of it, while it runs or before it starts.

One file: the four commands take the same target and give the same answers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from config.load import load
from fleet.commands.arguments.durations import DURATION
from fleet.commands.exits import EX_DATAERR, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import console, line
from fleet.control.control import STEERED, Control, ControlChange, Target, TargetKind
from fleet.control.ends import end_ms
from fleet.control.request import STOP_AFTER_S, WITHOUT_SESSIONS, ControlRequest, usual_stop_after_s
from fleet.control.stated import entry_stated
from fleet.control.user import user_name
from fleet.control.wording import announced, said
from fleet.domain.calendar import Calendar
from fleet.domain.wall_clock import wall_ms
from fleet.errors import ControlRefused
from fleet.exact_json import dump
from fleet.ledger.storage.wait import when_free
from fleet.status.control_desk import Desk, desk

#: what can be steered
_KINDS = [kind.value for kind in STEERED]


def _target(command: Callable[..., None]) -> Callable[..., None]:
    """Add what all four commands take: the target, the reason, who, and --json."""

    @click.argument("kind", type=click.Choice(_KINDS), metavar="WHAT")
    @click.argument("name", required=False)
    @click.option("--reason", default="", help="Why; shown wherever the farm shows its state.")
    @click.option("--by", "who", help="Who orders it; unset: your user name on this machine.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @wraps(command)
    def added(*, kind: str, name: str | None, who: str | None, **others: Any) -> None:
        wanted = TargetKind(kind)
        if wanted is TargetKind.FARM and name is not None:
            raise click.UsageError("the farm has no name here: `farm` stands alone")
        if wanted is not TargetKind.FARM and not name:
            raise click.UsageError(f"name the {kind}: {kind} NAME")
        command(target=Target(kind=wanted, name=name or ""), who=who or user_name(), **others)

    return added


def _until(command: Callable[..., None]) -> Callable[..., None]:
    """Add --for and --until, which exclude each other."""

    @click.option("--for", "for_s", type=DURATION, help="End it by itself after this long, e.g. 2h.")
    @click.option("--until", help="End it by itself at this time in the farm's time_zone: 06:00, or 2026-11-27 06:00.")
    @click.option("--replace", "replaces", is_flag=True, help="Take the place of a control that is in force.")
    @wraps(command)
    def added(*, for_s: float | None, until: str | None, **others: Any) -> None:
        if for_s is not None and until is not None:
            raise click.UsageError("--for and --until both say when it ends; give one")
        command(ends=(for_s, until), **others)

    return added


@click.command("pause")
@_target
@_until
@click.option(
    "--stop-after",
    "stop_after_s",
    type=DURATION,
    help="How long paused miners keep their sessions by heartbeats; unset: 10m, and not at all for a server.",
)
@click.option("--keep-session", is_flag=True, help="Keep the sessions for as long as it lasts.")
def pause(
    *, ends: tuple[float | None, str | None], stop_after_s: float | None, keep_session: bool, **others: Any
) -> None:
    """Begin nothing new in WHAT: a miner, a tag, a server, a worker host, a job type, or the farm. What is open is
    finished and paid. It is remembered over restarts, until it ends or `fleet resume` ends it.

    \b
    Examples:
      fleet pause miner garage-1 --for 2h --reason "new fan"
      fleet pause tag garage --until 06:00
      fleet pause host attic
      fleet pause type inference
      fleet pause farm --keep-session
    """
    if keep_session and stop_after_s is not None:
        raise click.UsageError("--keep-session never stops the sessions, and --stop-after does; give one")
    if others["target"].kind in WITHOUT_SESSIONS and (keep_session or stop_after_s is not None):
        raise click.UsageError(f"a {others['target'].kind.value} has no session to keep or to stop")
    usual_s = usual_stop_after_s(others["target"].kind)
    _order(ControlChange.PAUSE, ends=ends, stop_after_s=None if keep_session else stop_after_s or usual_s, **others)


@click.command("drain")
@_target
@_until
def drain(*, ends: tuple[float | None, str | None], **others: Any) -> None:
    """Finish what is open in WHAT, then stop it: a miner's session, a host's workers, or as Ctrl-C does, the farm.

    All but the farm stay stopped until the drain ends or `fleet resume` ends it.

    \b
    Examples:
      fleet drain miner garage-1
      fleet drain farm
    """
    _order(ControlChange.DRAIN, ends=ends, **others)


@click.command("resume")
@_target
def resume(**others: Any) -> None:
    """End a pause or a drain of WHAT.

    \b
    Examples:
      fleet resume miner garage-1
      fleet resume farm --reason "the tariff is low again"
    """
    _order(ControlChange.RESUME, **others)


@click.command("retry")
@_target
def retry(**others: Any) -> None:
    """End the waits of WHAT after failures: its next tries are made now. What the server told the farm to wait for is
    waited for.

    \b
    Examples:
      fleet retry miner garage-1
      fleet retry farm
    """
    _order(ControlChange.RETRY, **others)


def _order(
    change: ControlChange,
    *,
    target: Target,
    who: str,
    reason: str,
    as_json: bool,
    ends: tuple[float | None, str | None] = (None, None),
    stop_after_s: float | None = STOP_AFTER_S,
    replaces: bool = False,
) -> None:
    with settings_or_exit():
        settings = load()
    calendar, now_ms = Calendar(settings.time_zone), wall_ms()
    until_ms = _end_ms(ends, calendar, now_ms)
    try:
        request = ControlRequest(
            change=change,
            target=target,
            who=who,
            reason=reason,
            until_ms=until_ms,
            stop_after_s=stop_after_s,
            replaces=replaces,
        )
        with farm_errors():
            farm = desk(settings)
            outcome = when_free(lambda: farm.order(request), say=lambda text: click.echo(f"fleet: {text}", err=True))
    except ControlRefused as exc:
        raise Failure(str(exc), EX_DATAERR) from exc
    if as_json:
        click.echo(dump({**entry_stated(outcome.entry), "coordinator_runs": farm.runs}))
        return
    screen = console()
    for text in announced(outcome, calendar, now_ms, runs=farm.runs):
        line(screen, text)
    stays = _still_paused(farm, request)
    if stays is not None:
        line(screen, f"it stays {said(stays, calendar, now_ms)} ({stays.target.shown})")


def _still_paused(farm: Desk, request: ControlRequest) -> Control | None:
    """The control that still pauses what was resumed: another one of a miner's, or the schedule's."""
    target = request.target
    if request.change is not ControlChange.RESUME:
        return None
    if target.kind is not TargetKind.MINER:
        return farm.book.in_force().on(target)
    return farm.book.in_force().of_miner(target.name, farm.known.miners.get(target.name, ()))


def _end_ms(ends: tuple[float | None, str | None], calendar: Calendar, now_ms: int) -> int | None:
    """When it ends by itself. Raises UsageError for a text that is no moment."""
    try:
        return end_ms(*ends, calendar, now_ms)
    except ControlRefused as exc:
        raise click.UsageError(f"--until {exc}") from exc
