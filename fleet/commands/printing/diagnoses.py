"""Shows what the doctor found: a line for each finding with what to do, or one JSON object."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence

import click

from fleet.commands.exits import EX_UNAVAILABLE
from fleet.commands.printing.tables import console, line
from fleet.doctor.diagnosis import Diagnosis, Grade, counted

_STYLES = {Grade.OK: "", Grade.WARN: "yellow", Grade.FAIL: "red", Grade.NOT_CHECKED: "dim"}
_MARKS = {Grade.OK: "ok", Grade.WARN: "warn", Grade.FAIL: "FAIL", Grade.NOT_CHECKED: "–"}
_INDENT = " " * 6


def show_diagnoses(diagnoses: Sequence[Diagnosis], *, as_json: bool) -> int:
    """Print the diagnoses. Returns the exit code: 69 with a FAIL among them, else 0."""
    counts = counted(diagnoses)
    if as_json:
        stated = [
            {"subject": one.subject, "grade": one.grade.name.lower(), "found": one.found, "advice": one.advice}
            for one in diagnoses
        ]
        click.echo(json.dumps({"checks": stated} | {grade.name.lower(): count for grade, count in counts.items()}))
    else:
        _print(diagnoses)
    return EX_UNAVAILABLE if counts[Grade.FAIL] else 0


def _print(diagnoses: Sequence[Diagnosis]) -> None:
    """Print a line for each diagnosis, the advice below it, and the number of each grade."""
    screen = console()
    for one in diagnoses:
        mark = f"{_MARKS[one.grade]:<{len(_INDENT)}}"
        for row in _wrapped(f"{one.subject}: {one.found}", mark, screen.width):
            line(screen, row, style=_STYLES[one.grade])
        if one.advice:
            for row in _wrapped(one.advice, f"{_INDENT}→ ", screen.width):
                line(screen, row)
    line(screen, ", ".join(f"{count} {grade.value}" for grade, count in counted(diagnoses).items()), style="bold")


def _wrapped(text: str, first: str, width: int) -> list[str]:
    """The text's lines, broken between words where they are too wide, below the first one's beginning."""
    rows: list[str] = []
    for part in text.splitlines():
        rows += textwrap.wrap(
            part,
            width,
            initial_indent=" " * len(first) if rows else first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
    return rows
