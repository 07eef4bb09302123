"""The daily report says what was earned, against the day before, what was lost, and what to do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fleet.alerts.report import DayFigures, report_of
from tests.support.snapshots import SNAPSHOT

DAY = DayFigures(
    day=date(2026, 11, 25),
    earned=Decimal("12.5"),
    before=Decimal(10),
    losses={"expired": (3, Decimal("0.5")), "kernel failed": (1, Decimal(2)), "drained": (0, Decimal(0))},
    today=Decimal("1.25"),
)


def test_a_day_with_losses_and_a_trouble() -> None:
    made = report_of("shed", DAY, SNAPSHOT.wrong)
    assert made.title == "shed: 12.5 NNET on 2026-11-25"
    assert made.body.splitlines() == [
        "earned on 2026-11-25: 12.5 NNET, +25 % against the day before (10 NNET)",
        "today so far: 1.25 NNET",
        "",
        "lost: 1 jobs, 2 NNET: kernel failed",
        "lost: 3 jobs, 0.5 NNET: expired",
        "",
        "No worker takes jobs.",
        "→ Start one.",
    ]


def test_a_quiet_day_after_one_without_income() -> None:
    made = report_of("shed", DayFigures(day=DAY.day, earned=Decimal(1), before=Decimal(0), losses={}, today=None), ())
    assert made.body.splitlines() == [
        "earned on 2026-11-25: 1 NNET, nothing on the day before",
        "",
        "no job was lost",
        "",
        "nothing is wrong that the farm knows of",
    ]
