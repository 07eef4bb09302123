"""`fleet token`: makes, lists and revokes the tokens of the farm's HTTP API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any

import click

from config.load import load
from config.settings import Settings
from fleet.commands.arguments.durations import DURATION
from fleet.commands.exits import EX_DATAERR, Failure, farm_errors
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.tables import Sheet, console, line
from fleet.control.control import ControlChange, Target, TargetKind
from fleet.control.request import check_words
from fleet.control.user import user_name
from fleet.domain.wall_clock import wall_ms
from fleet.errors import ControlRefused, LedgerError, TokenRefused
from fleet.ledger.storage.wait import when_free
from fleet.money.scopes import stamp
from fleet.status.control_desk import desk
from fleet.status.standing import status_folder
from fleet.tokens.token import Token, TokenScope, digest_of, is_name, new_text
from fleet.tokens.token_file import TokenFile


def _name(_: click.Context, __: click.Parameter, value: str) -> str:
    if not is_name(value):
        raise click.BadParameter(f"{value!r} is no name: write up to 40 letters, digits, dots, dashes and underscores")
    return value


def _noted(command: Callable[..., None]) -> Callable[..., None]:
    """Add why a token is made or revoked and who does it, as the farm's log shows it."""

    @click.option("--reason", default="", help="Why; shown by `fleet log`.")
    @click.option("--by", "who", help="Who does it; unset: your user name on this machine.")
    @wraps(command)
    def added(*, reason: str, who: str | None, **others: Any) -> None:
        who = who or user_name()
        try:
            check_words(who, reason)
        except ControlRefused as exc:
            raise Failure(str(exc), EX_DATAERR) from exc
        command(who=who, reason=reason, **others)

    return added


@click.group("token")
def token() -> None:
    """Tokens for the farm's HTTP API. The farm keeps only their digests: each one is shown once, when it is made.

    \b
    Examples:
      fleet token create phone --scope control --expires 90d
      fleet token list
      fleet token revoke phone
    """


@token.command("create")
@click.argument("name", callback=_name)
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in TokenScope]),
    default=TokenScope.READ.value,
    show_default=True,
    help="What it allows; each one includes those before it.",
)
@click.option("--expires", "expires_s", type=DURATION, help="End it after this long, e.g. 90d; unset: never.")
@_noted
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create(*, name: str, scope: str, expires_s: float | None, who: str, reason: str, as_json: bool) -> None:
    """Make a token called NAME and print it, this once. A running farm accepts it at once."""
    text, now_ms = new_text(), wall_ms()
    made = Token(
        name=name,
        scope=TokenScope(scope),
        digest=digest_of(text),
        made_ms=now_ms,
        ends_ms=None if expires_s is None else now_ms + int(expires_s * 1000),
    )
    settings = _settings()
    with _token_errors():
        record = partial(
            _record, settings, ControlChange.CREATE, name, who, f"scope {scope}{f': {reason}' if reason else ''}"
        )
        _tokens(settings).add(made, now_ms, record)
    if as_json:
        click.echo(json.dumps(_stated(made, now_ms) | {"token": text}))
        return
    click.echo(text)
    line(
        console(to_stderr=True),
        "Keep it now: it is not shown again. Send it as the header `Authorization: Bearer TOKEN`.",
    )


@token.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_tokens(*, as_json: bool) -> None:
    """List the tokens: names, scopes and ends, never the tokens themselves."""
    tokens, now_ms = _tokens(_settings()), wall_ms()
    with _token_errors():
        found = tokens.tokens()
    if as_json:
        click.echo(json.dumps({"tokens": [_stated(one, now_ms) for one in found]}))
        return
    screen = console()
    if not found:
        line(screen, "there are no tokens; make one by `fleet token create NAME`")
        return
    sheet = Sheet(("name", "scope", "made (UTC)", "ends (UTC)", "digest"))
    for one in found:
        ends = "never" if one.ends_ms is None else f"{_time(one.ends_ms)}{' (ended)' if one.ended(now_ms) else ''}"
        sheet.add((one.name, one.scope.value, _time(one.made_ms), ends, one.shown))
    sheet.print(screen)


@token.command("revoke")
@click.argument("name")
@_noted
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def revoke(*, name: str, who: str, reason: str, as_json: bool) -> None:
    """Forget the token NAME. A running farm refuses it from now on."""
    settings = _settings()
    with _token_errors():
        gone = _tokens(settings).remove(name)
        # it is gone whatever becomes of the log
        _record(settings, ControlChange.REVOKE, name, who, reason)
    if as_json:
        click.echo(json.dumps({"revoked": gone.name}))
    else:
        click.echo(f"revoked {gone.name} ({gone.scope.value})")


@contextmanager
def _token_errors() -> Iterator[None]:
    """Turn errors of the block into Failures: what is refused with EX_DATAERR, a file that can't be used as always."""
    try:
        with farm_errors():
            yield
    except TokenRefused as exc:
        raise Failure(str(exc), EX_DATAERR) from exc


def _settings() -> Settings:
    with settings_or_exit():
        return load()


def _tokens(settings: Settings) -> TokenFile:
    return TokenFile(status_folder(settings))


def _record(settings: Settings, change: ControlChange, name: str, who: str, reason: str) -> None:
    """Write a change into the farm's log. Where that can't be done, a line on stderr says why."""
    target = Target(kind=TargetKind.TOKEN, name=name)
    try:
        with closing(desk(settings)) as farm:
            when_free(lambda: farm.book.record(change, target, who, reason), say=_say)
    except LedgerError as exc:
        _say(f"this is not in the farm's log: {exc}")


def _say(text: str) -> None:
    click.echo(f"fleet: {text}", err=True)


def _stated(one: Token, now_ms: int) -> dict[str, object]:
    return {
        "name": one.name,
        "scope": one.scope.value,
        "made_at": stamp(one.made_ms),
        "ends_at": stamp(one.ends_ms),
        "ended": one.ended(now_ms),
        "digest": one.shown,
    }


def _time(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"
