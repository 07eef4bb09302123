"""The screen of `fleet status`: money, miners, hosts, and what is wrong, for a terminal of 80 columns.

One file: the parts of the screen share its width and its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from fleet.commands.printing.fitted_table import FittedTable
from fleet.control.stated import line_of
from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.money.readable import NOT_STATED, aligned, readable
from fleet.status.snapshot import Severity
from fleet.status.snapshot_file import FRESH_S
from fleet.status.standing import FarmStanding
from fleet.status.wording import ago, calendar_of, clock, cost, dated, nnet, short, span

#: lines around the miners' rows: their number, titles, how many more there are, and one for what is typed next
_MINERS_LINES = 4
#: the fewest rows of miners
_LEAST_ROWS = 4
#: most hosts on a screen, and most things that are wrong
_MOST_HOSTS, _MOST_WRONG = 8, 6
#: number of servers from which each has a line
_SEVERAL = 2
#: states of a miner of which nothing is wrong; None while unknown
_WELL = frozenset({"mining", "paused", "closed", None})


def screen_of(found: FarmStanding, height: int) -> RenderableType:
    """The screen of a farm for a terminal of `height` lines."""
    if found.coordinator == "never" and not found.figures["miners"]:
        return Text("No farm has run here yet. `fleet up` starts one on this machine.")
    return _Screen(found.printable, height)


class _Screen:
    """The screen; the miners get the lines that the other parts leave, whatever these take at this width."""

    def __init__(self, found: FarmStanding, height: int) -> None:
        self._found, self._height = found, height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        found, figures = self._found, self._found.figures
        above = Group(*_money(figures), *_servers(figures), *_controls(figures), *_advice(figures), Text())
        title, work, wrong = Group(*_title(found)), Group(*_work(figures)), Group(Text(), *_wrong(found))
        whole = options.reset_height()
        used = sum(len(console.render_lines(part, whole, pad=False)) for part in (title, above, work, wrong))
        left = self._height - used - _MINERS_LINES
        # a small terminal shows the beginning alone
        yield from (title, wrong, above) if left < _LEAST_ROWS else (title, above)
        yield from _miners(found, max(left, _LEAST_ROWS))
        yield from (work,) if left < _LEAST_ROWS else (work, wrong)


def _title(found: FarmStanding) -> Iterator[Text]:
    figures, calendar = found.figures, calendar_of(found.figures)
    yield Text(f"farm at {figures['server'] or 'an unknown server'}", style="bold")
    said = {
        "mining": f"mining since {dated(figures['started_at'], calendar)}",
        "draining": "draining: finishing the open jobs",
        "ended": f"not running: the coordinator ended at {dated(figures['at'], calendar)}, {ago(found.age_s)}",
        "silent": f"not running: no sign of the coordinator since {dated(figures['at'], calendar)}, {ago(found.age_s)}",
        "never": "not running; its ledger is here",
    }[found.coordinator]
    late = found.runs and found.age_s is not None and found.age_s > FRESH_S
    text = f"{said} (figures are {found.age_s or 0:.0f} s old)" if late else said
    yield Text(text, style="green" if found.runs and not late else "yellow")
    if figures["simulated"]:
        yield Text("simulated: these rewards are not real", style="yellow")


def _controls(figures: Mapping[str, Any]) -> Iterator[RenderableType]:
    """A line for each pause or drain."""
    rows = figures.get("controls") or ()
    for row in rows[:_MOST_WRONG]:
        yield _line("paused", line_of(row), style="yellow")
    if len(rows) > _MOST_WRONG:
        yield _line("", f"and {len(rows) - _MOST_WRONG} more: fleet status --json")


def _money(figures: Mapping[str, Any]) -> Iterator[RenderableType]:
    earnings, books, calendar = figures["earnings"], figures["ledger"] or {}, calendar_of(figures)
    rate = earnings["nnet_per_minute"]
    span_s = earnings["recent_s"]
    over = "" if span_s is None else f" (last {span(float(span_s))})"
    yield Text()
    yield _line("now", f"{short(rate)} NNET a minute{over}" if rate is not None else NOT_STATED, style="bold")
    yield _line("today", f"{nnet(earnings['today_nnet'])}   yesterday {nnet(earnings['yesterday_nnet'])}")
    projected = earnings["projected_day"]
    if projected is not None:
        low, high = short(projected["low"]), short(projected["high"])
        yield _line(
            "by 24:00",
            f"{short(projected['nnet'])} NNET expected, {low} to {high} ({projected['by']})",
        )
    paid = clock(earnings["last_paid_at"], calendar)
    yield _line("in all", f"{nnet(earnings['ledger_nnet'])} in the ledger, last paid {paid}")
    if (unexplained := books.get("unexplained_nnet")) is not None:
        yield _line("books", f"{readable(unexplained)} NNET unexplained")
    losses = figures["losses"]
    if losses:
        jobs, amount = sum(row["jobs"] for row in losses), sum((_exact(row["not_earned_nnet"]) for row in losses), ZERO)
        worst = max(losses, key=lambda row: _exact(row["not_earned_nnet"]))
        yield _line("lost", f"{jobs} jobs, {readable(amount)} NNET, most of it: {worst['cause']}")


def _advice(figures: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What another number of miners would earn, at each server; a coordinator of an older release states nothing."""
    rows = figures.get("advice") or ()
    for row in rows:
        yield _line("advice", f"{row['server']}: {row['advice']}" if len(rows) > 1 else row["advice"])


def _servers(figures: Mapping[str, Any]) -> Iterator[RenderableType]:
    """A line for each server, where there are several."""
    servers = figures.get("servers") or ()
    if len(servers) < _SEVERAL:
        return
    made = FittedTable(
        {"  server": 0, "state": 0, "NNET/min": 0, "today": 1, "ledger": 3, "requests": 2, "open": 0},
        right=("NNET/min", "today", "ledger", "requests", "open"),
    )
    today, ledger = _column(servers, "today_nnet"), _column(servers, "ledger_nnet")
    for number, row in enumerate(servers):
        requests = "-" if row["requests"] is None else f"{row['requests']['used']}/{row['requests']['limit']}"
        rate = "-" if row["nnet_per_minute"] is None else short(row["nnet_per_minute"])
        opened = "-" if row["in_session"] is None else f"{row['in_session']}/{row['miners']}"
        style = "yellow" if row["state"] in {"away", "banned", "unpaid"} else ""
        cells = (f"  {row['server']}", row["state"] or "-", rate, today[number], ledger[number], requests, opened)
        made.add(cells, style=style)
    yield Text()
    yield made


def _miners(found: FarmStanding, most: int) -> Iterator[RenderableType]:
    figures = found.figures
    sessions = figures["sessions"]
    words = ", ".join(f"{count} {state}" for state, count in sorted(sessions.items())) if sessions else NOT_STATED
    yield _line("miners", words if found.runs else f"{len(figures['miners'])}, sessions {NOT_STATED}", style="bold")
    span_s = float(figures["earnings"]["recent_s"] or 0)
    # those that don't earn first: they are what the operator looks for
    rows = sorted(
        figures["miners"],
        key=lambda row: (row["state"] in _WELL, row["state"] == "closed", -_exact(row["recent_nnet"])),
    )
    shown = rows[:most]
    made = FittedTable(
        {"  miner": 0, "state": 0, "NNET/min": 0, "today": 1, "ledger": 3, "last paid": 2},
        right=("NNET/min", "today", "ledger"),
    )
    today, ledger = _column(shown, "today_nnet"), _column(shown, "ledger_nnet")
    calendar = calendar_of(figures)
    for number, row in enumerate(shown):
        rate = short(float(row["recent_nnet"]) / span_s * 60) if span_s and row["recent_nnet"] is not None else "-"
        style = "yellow" if row["state"] == "waiting" else ""
        state, paid = row["state"] or "-", clock(row["last_paid_at"], calendar)
        made.add((f"  {row['miner']}", state, rate, today[number], ledger[number], paid), style=style)
    if rows:
        yield made
    if len(rows) > len(shown):
        yield Text(f"  and {len(rows) - len(shown):,} more: --json shows all", style="dim")


def _work(figures: Mapping[str, Any]) -> Iterator[RenderableType]:
    hosts, requests, queue = figures["hosts"], figures["requests"], figures["queue"]
    yield Text()
    if hosts is None:
        yield _line("hosts", NOT_STATED, style="bold")
        return
    yield _line("hosts", f"{len(hosts)}" if hosts else "none has computed a job since the start", style="bold")
    if hosts:
        yield _hosts(hosts, float(figures["earnings"]["recent_s"]), calendar_of(figures))
    if len(hosts) > _MOST_HOSTS:
        yield Text(f"  and {len(hosts) - _MOST_HOSTS:,} more: --json shows all", style="dim")
    if queue is not None:
        oldest = "" if queue["oldest_s"] is None else f", the oldest sent {float(queue['oldest_s']):.1f} s ago"
        held = NOT_STATED if queue["messages"] is None else queue["messages"]
        yield _line(
            "jobs", f"{queue['open_jobs']} open, {queue['at_workers']} at workers{oldest}; messages queued: {held}"
        )
    if requests is not None:
        room = f"room for {requests['more_miners']} more miners"
        used = f"{requests['used']} of {requests['limit']} in {float(requests['window_s']):g} s"
        yield _line("requests", f"{used}, {requests['refused_429']} refused, {room}")
    gas, phase = figures["gas"], figures["phase"]
    if gas is not None or phase is not None:
        fee = NOT_STATED if gas is None or gas["neo_transfer_fee"] is None else f"{gas['neo_transfer_fee']:g} NEO"
        where = NOT_STATED if phase is None else phase["phase"]
        yield _line("network", f"phase {where}, transfer fee {fee}")


def _hosts(hosts: Sequence[Mapping[str, Any]], span_s: float, calendar: Calendar) -> FittedTable:
    made = FittedTable(
        {"  host": 0, "jobs/s": 0, "NNET/min": 0, "computed": 2, "failed": 0, "wrong": 3, "free": 0, "last job": 1},
        right=("jobs/s", "NNET/min", "computed", "failed", "wrong", "free"),
    )
    for row in sorted(hosts, key=lambda one: -one["recent_jobs"])[:_MOST_HOSTS]:
        rate = short(float(row["recent_nnet"]) / span_s * 60)
        free = "-" if row["free_slots"] is None else str(row["free_slots"])
        checks = row.get("checks")
        wrong = "-" if checks is None else f"{checks['wrong']:,}/{checks['checked']:,}"
        counts = (f"{row['computed']:,}", f"{row['failed']:,}", wrong, free)
        last = clock(row["last_job_at"], calendar)
        made.add((f"  {row['name']}", f"{float(row['jobs_per_s']):.1f}", rate, *counts, last))
    return made


def _wrong(found: FarmStanding) -> Iterator[RenderableType]:
    if not found.runs:
        yield Text("wrong     The coordinator does not run: nothing is earned.", style="bold red")
        return
    wrong, calendar = found.figures["wrong"], calendar_of(found.figures)
    if not wrong:
        yield _line("wrong", "nothing that the coordinator knows of", style="green")
        return
    made = Table.grid(padding=0)
    made.add_column(width=10)
    made.add_column(ratio=1)
    for one in wrong[:_MOST_WRONG]:
        style = "bold red" if one.get("severity") == Severity.FAIL else "yellow"
        text = f"{one['text']} (since {clock(one['since'], calendar)}{cost(one.get('nnet_per_day'))})"
        made.add_row(Text("wrong", style=style), Text(text, style=style))
        # a coordinator of an older release writes no help
        if one.get("help"):
            made.add_row("", Text(f"→ {one['help']}"))
    yield made
    if len(wrong) > _MOST_WRONG:
        yield _line("", f"and {len(wrong) - _MOST_WRONG:,} more: --json shows all", style="dim")


def _line(name: str, text: str, *, style: str = "") -> RenderableType:
    """A line with its name; where the terminal is too narrow, it goes on below the text's beginning."""
    made = Table.grid(padding=0)
    made.add_column(width=10)
    made.add_column(ratio=1)
    made.add_row(Text(name, style=style), Text(text, style=style))
    return made


def _exact(amount: Decimal | int | None) -> Decimal:
    return ZERO if amount is None else Decimal(amount)


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    texts = aligned([row[name] for row in rows])
    return ["-" if text == NOT_STATED else text for text in texts]
