"""The charts of what was paid over time: by the farm, by a miner, or by each server. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.status.snapshot import ServerFigures
from fleet.web import charts, figures
from fleet.web.spans import PaidStep, Span


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartStep:
    """One bar of the chart over time."""

    #: when it begins, in UTC milliseconds, and in words: a time of day or a day of the calendar
    at_ms: int
    at: str
    nnet: Decimal | None
    jobs: int | None
    bar: charts.Bar | None
    #: whether it still grows
    last: bool

    @property
    def title(self) -> str:
        """What a pointer over the bar shows."""
        jobs = "" if self.jobs is None else f", {figures.count(self.jobs)} jobs"
        return f"{self.at}: {figures.nnet(self.nnet)} NNET{jobs}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """What was paid over time."""

    span: Span
    #: the time zone of its steps
    zone: str
    steps: Sequence[ChartStep]
    #: NNET at the top of the chart
    top: float
    #: NNET of all steps that are read
    total: Decimal
    #: whether some step is read, and whether each is
    begun: bool
    complete: bool
    #: up to when the last step was read, as a time of day; empty while it is not
    read_at: str = ""


def chart(
    span: Span,
    past: Sequence[PaidStep | None],
    now_ms: int,
    calendar: Calendar,
    miner: str | None = None,
    server: str | None = None,
) -> Chart:
    """The chart of the farm, of the miner of this name, or of the server that the ledger calls so.

    Days and clocks are those of the calendar.
    """
    if miner is not None:
        amounts = [None if step is None else step.miners.get(miner, ZERO) for step in past]
    elif server is not None:
        amounts = [None if step is None else step.servers.get(server, ZERO) for step in past]
    else:
        amounts = [None if step is None else step.nnet for step in past]
    # the jobs of one miner or server are not kept by step
    whole = miner is None and server is None
    jobs = [step.jobs if step is not None and whole else None for step in past]
    read_at = figures.clock(past[-1].read_ms, calendar) if past and past[-1] is not None else ""
    return replace(_drawn(span, amounts, jobs, now_ms, calendar), read_at=read_at)


def server_charts(
    span: Span, past: Sequence[PaidStep | None], now_ms: int, calendar: Calendar, servers: Sequence[ServerFigures]
) -> list[tuple[str, Chart]]:
    """Name and chart of each server, all on one scale; none for a farm at a single server."""
    if len(servers) == 1:
        return []
    several = [[None if step is None else step.servers.get(one.account, ZERO) for step in past] for one in servers]
    most = max((float(amount) for amounts in several for amount in amounts if amount is not None), default=0.0)
    jobs = [None] * len(past)
    return [
        (one.name, _drawn(span, amounts, jobs, now_ms, calendar, most))
        for one, amounts in zip(servers, several, strict=True)
    ]


def _drawn(
    span: Span,
    amounts: Sequence[Decimal | None],
    jobs: Sequence[int | None],
    now_ms: int,
    calendar: Calendar,
    most: float = 0.0,
) -> Chart:
    drawn, top = charts.bars([None if amount is None else float(amount) for amount in amounts], most)
    first = span.first(now_ms, calendar)
    began = [span.start_ms(first + number, calendar) for number in range(len(amounts))]
    steps = [
        ChartStep(
            at_ms=began[number],
            at=f"{calendar.day(began[number])}" if span.by_day else figures.clock(began[number], calendar)[:5],
            nnet=amount,
            jobs=jobs[number],
            bar=bar,
            last=number == len(amounts) - 1,
        )
        for number, (amount, bar) in enumerate(zip(amounts, drawn, strict=True))
    ]
    known = [amount for amount in amounts if amount is not None]
    return Chart(
        span=span,
        zone=calendar.name,
        steps=steps,
        top=top,
        total=sum(known, ZERO),
        begun=bool(known),
        complete=len(known) == len(amounts),
    )
