"""What stands above the tables: what is wrong, what the farm earns, and how its last hour was. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.text import Text

from fleet.control.stated import line_of
from fleet.domain.calendar import UTC_NAME, Calendar
from fleet.money.readable import NOT_STATED, aligned
from fleet.status.plots import sparkline
from fleet.status.snapshot import Severity
from fleet.status.snapshot_file import FRESH_S
from fleet.status.standing import FarmStanding
from fleet.status.wording import ago, calendar_of, clock, cost, nnet, short, span
from tasks.text import sanitized

#: number of servers from which each has a line, and most such lines
_SEVERAL, _MOST_SERVERS = 2, 4
#: things that are wrong above the tables; the page of key `w` has all of them
MOST_WRONG = 2
_NOT_RUNNING = {
    "kind": "coordinator",
    "subject": "farm",
    "severity": Severity.FAIL,
    "text": "The coordinator does not run: nothing is earned.",
    "help": "Start it with `fleet up` or `fleet coordinator`; `fleet doctor` says what keeps it from starting.",
    "since": None,
}


def wrong_of(found: FarmStanding) -> Sequence[Mapping[str, Any]]:
    """What is wrong, as in the snapshot."""
    return found.figures["wrong"] if found.runs else [_NOT_RUNNING]


def by_subject(found: FarmStanding) -> dict[str, str]:
    """The first thing that is wrong with each subject."""
    return {one.get("subject", "farm"): one["text"] for one in reversed(wrong_of(found))}


def title(found: FarmStanding) -> Text:
    """Which farm this is, and whether it runs."""
    figures, calendar = found.figures, calendar_of(found.figures)
    zone = "" if calendar.name == UTC_NAME else f" {calendar.name}"
    words = {
        "mining": f"mining since {clock(figures['started_at'], calendar)}{zone}",
        "draining": "draining: finishing the open jobs",
        "ended": f"not running since {clock(figures['at'], calendar)}{zone}",
        "silent": f"not running: no sign since {clock(figures['at'], calendar)}{zone}",
        "never": "not running",
    }[found.coordinator]
    late = found.runs and (found.age_s or 0) > FRESH_S
    text = Text(sanitized(f"farm at {figures['server'] or 'an unknown server'}"), style="bold")
    text.append(f"  {words}", style="green" if found.runs and not late else "yellow")
    if late:
        text.append(f" (figures of {ago(found.age_s)})", style="yellow")
    if figures["simulated"]:
        text.append("  simulated: not real", style="yellow")
    return text


def wrong(found: FarmStanding, most: int | None = MOST_WRONG) -> Text:
    """What is wrong and what to do about it, in red; then what is paused."""
    rows = wrong_of(found)
    # above the tables, there is room for one piece of advice
    calendar, lines = calendar_of(found.figures), list[Text]()
    for number, one in enumerate(rows[:most]):
        lines += _wrong_lines(one, calendar, helps=most is None or not number)
    if most is not None and len(rows) > most:
        lines.append(Text(f"and {len(rows) - most:,} more: w shows all", style="red"))
    controls = (found.figures.get("controls") or ())[:most]
    lines += [Text(sanitized(line_of(row)), style="yellow") for row in controls]
    return Text("\n").join(lines or [Text("nothing is wrong that the coordinator knows of", style="green")])


def money(found: FarmStanding, minutes: Sequence[Decimal], width: int) -> Text:
    """What the farm earns, and NNET a minute of the last hour as a line of blocks."""
    return Text("\n").join(Text(line) for line in _money_lines(found.figures, minutes, width))


def _wrong_lines(one: Mapping[str, Any], calendar: Calendar, *, helps: bool) -> Iterator[Text]:
    style = "bold red" if one.get("severity", Severity.FAIL) == Severity.FAIL else "yellow"
    since = "" if one["since"] is None else f" (since {clock(one['since'], calendar)}{cost(one.get('nnet_per_day'))})"
    yield Text(sanitized(f"! {one['text']}{since}"), style=style)
    if helps and one.get("help"):
        yield Text(sanitized(f"  → {one['help']}"), style="red" if "red" in style else "yellow")


def _money_lines(figures: Mapping[str, Any], minutes: Sequence[Decimal], width: int) -> Iterator[str]:
    earnings = figures["earnings"]
    rate, span_s = earnings["nnet_per_minute"], earnings["recent_s"]
    now = NOT_STATED if rate is None else f"{short(rate)} NNET a minute (last {span(float(span_s))})"
    line = sparkline(minutes, max(min(width - len(now) - 24, 60), 0))
    yield f"now     {now}" + (f"  {line} last hour" if line.strip() else "")
    projected = earnings["projected_day"]
    expected = "" if projected is None else f", {short(projected['nnet'])} expected"
    yield f"today   {nnet(earnings['today_nnet'])}{expected}   yesterday {nnet(earnings['yesterday_nnet'])}"
    yield f"in all  {nnet(earnings['ledger_nnet'])}, last paid {clock(earnings['last_paid_at'], calendar_of(figures))}"
    yield from _server_lines(figures, width)
    queue, requests = figures["queue"], figures["requests"]
    if queue is not None and requests is not None:
        used = f"requests {requests['used']:,} of {requests['limit']:,}"
        yield f"jobs    {queue['open_jobs']:,} open, {queue['at_workers']:,} at workers   {used}"


def _server_lines(figures: Mapping[str, Any], width: int) -> Iterator[str]:
    """A line for each of several servers: its state, what it pays, and its own limit where `width` has room for it."""
    servers = figures.get("servers") or ()
    if len(servers) < _SEVERAL:
        return
    names = max(len(sanitized(row["server"])) for row in servers)
    states = max(len(row["state"] or "-") for row in servers)
    today = aligned([row["today_nnet"] for row in servers])
    for row, paid in list(zip(servers, today, strict=True))[:_MOST_SERVERS]:
        name, state = sanitized(row["server"]).ljust(names), (row["state"] or "-").ljust(states)
        rate = "-" if row["nnet_per_minute"] is None else short(row["nnet_per_minute"])
        requests = row["requests"]
        used = "" if requests is None else f"   requests {requests['used']:,} of {requests['limit']:,}"
        text = f"server  {name}  {state}  {rate:>7} NNET/min  today {paid}"
        yield text + (used if len(text + used) <= width else "")
    if len(servers) > _MOST_SERVERS:
        yield f"        and {len(servers) - _MOST_SERVERS} servers more: `fleet status` shows all"
