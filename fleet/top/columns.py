"""The columns of the three tables: what a cell shows, and what its column is sorted by. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.money.readable import NOT_STATED, aligned, reading_order
from fleet.status.wording import clock, short
from tasks.text import sanitized

#: a row of the snapshot, as `fleet.status.stated` has it
Row = Mapping[str, Any]


class Context(NamedTuple):
    """What cells depend on besides their row."""

    #: seconds that the figures of the last minutes cover; 0 while unknown
    span_s: float
    #: what is wrong, by its subject
    wrong: Mapping[str, str]
    #: by whose clock times are shown
    calendar: Calendar = Calendar()


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    #: the texts of some rows
    texts: Callable[[Sequence[Row], Context], list[str]]
    #: what a row is sorted by
    order: Callable[[Row, Context], Any]
    right: bool = True
    #: the higher, the sooner the column is left out where the terminal is narrow
    rank: int = 0


def _name(title: str, key: str) -> Column:
    return Column(
        title=title,
        texts=lambda rows, _: [sanitized(str(row[key])) for row in rows],
        order=lambda row, _: reading_order(str(row[key])),
        right=False,
    )


def _word(title: str, key: str) -> Column:
    return Column(
        title=title,
        texts=lambda rows, _: [sanitized(str(row[key] or "-")) for row in rows],
        order=lambda row, _: str(row[key] or ""),
        right=False,
    )


def _amount(title: str, key: str, rank: int = 0) -> Column:
    def texts(rows: Sequence[Row], _: Context) -> list[str]:
        found = aligned([row[key] for row in rows])
        return ["-" if text == NOT_STATED else text for text in found]

    return Column(title=title, texts=texts, order=lambda row, _: -Decimal(row[key] or ZERO), rank=rank)


def _rate(title: str, key: str) -> Column:
    def text(row: Row, context: Context) -> str:
        known = context.span_s and row[key] is not None
        return short(float(row[key]) / context.span_s * 60) if known else "-"

    return Column(
        title=title,
        texts=lambda rows, context: [text(row, context) for row in rows],
        order=lambda row, _: -Decimal(row[key] or ZERO),
    )


def _count(title: str, key: str, rank: int = 0) -> Column:
    return Column(
        title=title,
        texts=lambda rows, _: ["-" if row.get(key) is None else f"{row[key]:,}" for row in rows],
        order=lambda row, _: -(row.get(key) or 0),
        rank=rank,
    )


def _speed(title: str, key: str, digits: int, rank: int = 0) -> Column:
    return Column(
        title=title,
        texts=lambda rows, _: ["-" if row[key] is None else f"{float(row[key]):,.{digits}f}" for row in rows],
        order=lambda row, _: -float(row[key] or 0),
        rank=rank,
    )


def _time(title: str, key: str, rank: int = 0) -> Column:
    return Column(
        title=title,
        texts=lambda rows, context: [clock(row[key], context.calendar) for row in rows],
        order=lambda row, _: str(row[key] or ""),
        right=False,
        rank=rank,
    )


_WORK = (
    _speed("jobs/s", "jobs_per_s", 1),
    _rate("NNET/min", "recent_nnet"),
    _count("computed", "computed", 1),
    _count("failed", "failed"),
)
MINERS = (
    _name("miner", "miner"),
    _word("state", "state"),
    _rate("NNET/min", "recent_nnet"),
    _amount("today", "today_nnet"),
    _amount("ledger", "ledger_nnet", 2),
    _time("last paid", "last_paid_at", 1),
    _count("paid", "paid", 3),
    _count("lost", "lost", 3),
    _amount("unexplained", "unexplained_nnet", 4),
)
HOSTS = (
    _name("host", "name"),
    *_WORK,
    _count("free", "free_slots"),
    _time("last job", "last_job_at", 1),
    _speed("NNET/core-h", "nnet_per_core_hour", 2, 2),
)
TYPES = (
    _name("job type", "name"),
    *_WORK,
    _time("last job", "last_job_at", 1),
    _speed("NNET/core-h", "nnet_per_core_hour", 2, 2),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One of the tables."""

    #: what a row is, as `fleet explain` and `fleet.status.history` call it
    kind: str
    title: str
    #: the figures of a snapshot that hold its rows, and the field with a row's name
    figures: str
    name: str
    columns: tuple[Column, ...]
    #: whether `fleet explain` says why a row does not earn more
    explained: bool = True

    def style(self, row: Row, context: Context) -> str:
        """The style of a row: what is wrong is red, what waits is yellow, what has ended is dim."""
        if context.wrong.get(f"{self.kind} {row[self.name]}"):
            return "bold red"
        state = row.get("state")
        return {"waiting": "yellow", "closed": "dim"}.get(str(state), "")


TABLES = (
    Table(kind="miner", title="Miners", figures="miners", name="miner", columns=MINERS),
    Table(kind="host", title="Hosts", figures="hosts", name="name", columns=HOSTS),
    Table(kind="type", title="Job types", figures="job_types", name="name", columns=TYPES, explained=False),
)
