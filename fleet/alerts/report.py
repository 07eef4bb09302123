"""The text of the daily report: what the farm earned, against the day before, what it lost, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fleet.alerts.message import Message
from fleet.money.readable import readable
from fleet.status.snapshot import Wrong

#: most causes, and most things that are wrong, in a report
_MOST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class DayFigures:
    """The figures of one whole day, in NNET."""

    day: date
    earned: Decimal
    #: on the day before
    before: Decimal
    #: cause → lost jobs, and NNET offered for them
    losses: Mapping[str, tuple[int, Decimal]]
    #: since the end of that day
    today: Decimal | None


def report_of(farm: str, figures: DayFigures, wrong: Sequence[Wrong]) -> Message:
    """The report as a message."""
    lines = [
        f"earned on {figures.day}: {readable(figures.earned)} NNET{_against(figures.earned, figures.before)}",
        *([] if figures.today is None else [f"today so far: {readable(figures.today)} NNET"]),
        "",
        *_losses(figures.losses),
        "",
        *_to_do(wrong),
    ]
    return Message(title=f"{farm}: {readable(figures.earned)} NNET on {figures.day}", body="\n".join(lines))


def _against(earned: Decimal, before: Decimal) -> str:
    if not before:
        return ", nothing on the day before"
    change = (float(earned) / float(before) - 1) * 100
    return f", {change:+.0f} % against the day before ({readable(before)} NNET)"


def _losses(losses: Mapping[str, tuple[int, Decimal]]) -> list[str]:
    rows = sorted(((amount, jobs, cause) for cause, (jobs, amount) in losses.items() if jobs), reverse=True)
    if not rows:
        return ["no job was lost"]
    lines = [f"lost: {jobs:,} jobs, {readable(amount)} NNET: {cause}" for amount, jobs, cause in rows[:_MOST]]
    return [*lines, *([f"and {len(rows) - _MOST} more causes"] if len(rows) > _MOST else [])]


def _to_do(wrong: Sequence[Wrong]) -> list[str]:
    if not wrong:
        return ["nothing is wrong that the farm knows of"]
    lines = [line for one in wrong[:_MOST] for line in (one.text, f"→ {one.help}")]
    return [*lines, *([f"and {len(wrong) - _MOST} more: see `fleet explain farm`"] if len(wrong) > _MOST else [])]
