"""`fleet alert`: tries the services that alerts are sent to."""

from __future__ import annotations

import json

import click

from config.load import load
from fleet.alerts.message import Message
from fleet.commands.exits import EX_CONFIG, EX_UNAVAILABLE, Failure
from fleet.commands.loading import settings_or_exit
from fleet.commands.printing.progress import progress
from fleet.commands.printing.tables import console, line
from fleet.coordinator.observing.alerting import farm_title, outbox_of

_TEXT = "This is a test of the farm's alerts. Nothing is wrong."


@click.group("alert")
def alert() -> None:
    """Messages about what is wrong, by mail, Telegram, ntfy, webhooks and more. `alerts.urls` names the services.

    \b
    Example:
      FLEET_ALERTS__URLS='ntfys://ntfy.sh/a-long-secret-topic' fleet alert test
    """


@alert.command("test")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: each service, and whether it took it.")
def test(*, as_json: bool) -> None:
    """Send a test message to each service, and say which of them took it. It ends with 69 if one did not.

    The URLs are secrets: only the kind of each service is shown.
    """
    with settings_or_exit():
        settings = load()
    if settings.alerts.urls is None:
        raise Failure("no service is named: set alerts.urls (FLEET_ALERTS__URLS)", EX_CONFIG)
    outbox = outbox_of(settings.alerts)
    if outbox.missing:
        raise Failure(outbox.missing, EX_CONFIG)
    message = Message(title=f"{farm_title(settings)}: test", body=_TEXT)
    with progress("sending", len(outbox), quiet=as_json) as advance:
        outcomes = []
        for outcome in outbox.deliver(message):
            outcomes.append(outcome)
            advance(1)
    failed = sum(bool(reason) for _, reason in outcomes)
    if as_json:
        rows = [{"service": name, "delivered": not reason, "reason": reason or None} for name, reason in outcomes]
        click.echo(json.dumps({"delivered": len(rows) - failed, "failed": failed, "services": rows}))
    else:
        screen = console()
        for number, (name, reason) in enumerate(outcomes, 1):
            line(screen, f"{number} {name}: {f'not delivered: {reason}' if reason else 'delivered'}")
    if failed:
        raise Failure(f"{failed} of the services did not take the message", EX_UNAVAILABLE, stated=True)
