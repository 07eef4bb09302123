"""The closing table of a run: booked amounts beside the server's, each figure with its scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console

from fleet.commands.printing.tables import Sheet, console, line
from fleet.exact_json import dump
from fleet.money.readable import readable

#: maximum number of rows; miners without a comparison or with a difference come first
_SHOWN_MINERS = 40
#: states whose counts are printed even when they are zero
_ALWAYS = ("assigned", "accepted", "open")
_AMOUNTS = ("ledger_nnet", "server_nnet", "difference_nnet")


def print_closing(figures: Mapping[str, Any], *, to_stderr: bool, as_json: bool = False, exact: bool = False) -> None:
    """Print the figures of `fleet.coordinator.output.summary`: as tables, or as one line of JSON and nothing else.

    Tables have at most six decimals unless `exact`; JSON has all digits.
    """
    if as_json:
        click.echo(_line_of(figures), err=to_stderr)
        return
    screen = console(to_stderr=to_stderr)
    _print_miners(screen, figures["rewards"], figures["books"], exact=exact)
    _print_scope(screen, "this run", figures["jobs"], figures["scopes"]["run"], exact=exact)
    ledger = figures["scopes"]["ledger"]
    servers = figures.get("servers", ())
    where = "these servers" if servers else "this server"
    _print_scope(screen, f"all runs at {where}", ledger["jobs"], ledger, exact=exact)
    _print_servers(screen, servers, exact=exact)
    _print_before_base(screen, figures["books"], exact=exact)
    if not figures["books"]["compared"] or figures["nothing_mined"] is None:
        _print_books(screen, figures["books"])
    if figures.get("earning"):
        line(screen, f"expected income: {figures['earning']['advice']}")
    idle = figures["books"]["no_session"]
    if idle:
        of = len(figures["rewards"]["per_miner"])
        line(screen, f"nothing to compare, since they had no session: {idle} of {of} miners")
    for head in figures.get("heads", ()):
        line(screen, f"ledger head: {head['entries']} entries of {head['server']}\n  {head['head']}")
    if figures["simulated"]:
        screen.print("simulated: these rewards are not real; name a server with --server URL", style="yellow")


def _line_of(figures: Mapping[str, Any]) -> str:
    """The figures as one line of the JSON output, for a collector."""
    level = "INFO" if figures["books"]["compared"] else "WARNING"
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    record = {"time": at, "level": level, "logger": "fleet.output", "kind": "closing", "message": "the run is over"}
    return dump(record | {"figures": figures})


def _print_miners(screen: Console, rewards: Mapping[str, Any], books: Mapping[str, Any], *, exact: bool) -> None:
    named = ("booked since base", "server says", "difference")
    sheet = Sheet(("miner", *named), amounts=named, exact=exact)
    # if the books were compared, a miner without a difference stated had no session
    usual = {0, None} if books["compared"] else {0}
    miners = sorted(rewards["per_miner"].items(), key=lambda item: item[1]["difference_nnet"] in usual)
    for miner_id, row in miners[:_SHOWN_MINERS]:
        sheet.add([miner_id, *(row[name] for name in _AMOUNTS)])
    if len(miners) > _SHOWN_MINERS:
        sheet.add([f"… {len(miners) - _SHOWN_MINERS} more"], style="dim")
    sheet.add(["all", *(rewards[name] for name in _AMOUNTS)], style="bold")
    line(screen, "NNET since each miner's base: booked here, and paid according to the server")
    sheet.print(screen)


def _print_scope(screen: Console, name: str, jobs: Mapping[str, int], scope: Mapping[str, Any], *, exact: bool) -> None:
    """Print the money and the jobs of one scope. Counts of zero are left out, except those that make a sum complete."""
    counts = " · ".join(f"{n} {state.replace('_', ' ')}" for state, n in jobs.items() if n or state in _ALWAYS)
    since = f" since {scope['since']}" if scope["since"] else ""
    line(screen, f"{name}: {readable(scope['booked_nnet'], exact=exact)} NNET booked{since}\n  jobs: {counts}")


def _print_servers(screen: Console, servers: Sequence[Mapping[str, Any]], *, exact: bool) -> None:
    """Print a row for each of several servers: what this run and all runs booked there."""
    if not servers:
        return
    columns = ("this run", "all runs", "difference")
    sheet = Sheet(("server", *columns, "jobs", "requests"), amounts=columns, right=("jobs", "requests"), exact=exact)
    for row in servers:
        amounts = (row["booked_nnet"], row["ledger_nnet"], row["difference_nnet"])
        sheet.add([row["server"], *amounts, f"{row['jobs']['assigned']}", f"{row['requests']['total']}"])
    sheet.print(screen)


def _print_before_base(screen: Console, books: Mapping[str, Any], *, exact: bool) -> None:
    """Print what was booked before the server's totals started over, which no comparison includes."""
    if books["before_base_nnet"]:
        when = f", last at {books['base_at']}" if books["base_at"] else ""
        amount = readable(books["before_base_nnet"], exact=exact)
        line(screen, f"{amount} NNET booked before the base are not compared\n  the server's totals restarted{when}")


def _print_books(screen: Console, books: Mapping[str, Any]) -> None:
    answered = books["answered_at"]
    if books["compared"] and not books["stated"]:
        line(screen, "nothing to compare: no miner had a session")
        return
    if books["compared"]:
        when = f", the last at {answered}" if answered else ""
        line(screen, f"books compared: the server stated every total{when}")
        return
    when = f"the last answer was at {answered}" if answered else "it never stated one"
    words = f"books NOT compared: the server stated no closing total for {books['not_stated']} miners\n  {when}"
    line(screen, words, style="bold red")
