"""What the pages say of a farm: its state, its hosts, its jobs by type, and its income over time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from fleet.domain.amounts import ZERO
from fleet.domain.calendar import Calendar
from fleet.status.snapshot import FarmSnapshot, Severity, Wrong
from fleet.web import views
from fleet.web.spans import HOUR, MONTH, PaidStep
from tests.support.snapshots import AT_MS, MINER, SNAPSHOT, WORK, snapshot

UTC_CALENDAR = Calendar()
WELL = snapshot(wrong=())


def wrong(subject: str, severity: Severity) -> Wrong:
    return replace(SNAPSHOT.wrong[0], kind="deaf", subject=subject, severity=severity)


@pytest.mark.parametrize(
    ("farm", "age_s", "grade", "word"),
    [
        (WELL, 0.5, "ok", "Mining"),
        (WELL, 6.0, "fail", "Late"),
        (snapshot(wrong=(wrong("host shed", Severity.WARN),)), 0.5, "warn", "Mining"),
        (SNAPSHOT, 0.5, "fail", "In trouble"),
        (snapshot(state="draining"), 0.5, "warn", "Draining"),
        (snapshot(state="ended"), 60.0, "off", "Ended"),
    ],
)
def test_the_state_of_a_farm_is_its_worst_trouble(farm: FarmSnapshot, age_s: float, grade: str, word: str) -> None:
    found = views.standing(farm, age_s)
    assert (found.grade, found.word) == (grade, word)


def test_a_host_is_red_while_no_worker_takes_jobs_and_by_a_condition_of_its_own() -> None:
    assert [(one.grade, one.word) for one in views.hosts(SNAPSHOT)] == [("fail", "takes no jobs")]
    assert [one.grade for one in views.hosts(WELL)] == ["ok"]
    own = snapshot(wrong=(wrong("host shed", Severity.FAIL), wrong("host shed", Severity.WARN)))
    assert [(one.grade, one.word) for one in views.hosts(own)] == [("fail", "No worker takes jobs.")]
    other = snapshot(wrong=(wrong("host barn", Severity.FAIL),))
    assert [one.grade for one in views.hosts(other)] == ["ok"]


def test_a_host_that_has_had_no_job_for_a_minute_is_marked_and_comes_first() -> None:
    quiet = replace(WORK, name="quiet", last_ms=AT_MS - 61_000)
    never = replace(WORK, name="never", last_ms=None)
    found = views.hosts(replace(WELL, hosts=(*WELL.hosts, quiet, never)))
    assert [(one.row.name, one.grade) for one in found] == [("never", "warn"), ("quiet", "warn"), ("shed", "ok")]


def test_rates_are_of_the_last_minutes_and_counts_by_outcome() -> None:
    ended = {("accepted", "inference"): 7, ("already_completed", "inference"): 1, ("rejected", "inference"): 2}
    (one,) = views.job_types(WELL, ended | {("accepted", "matrix_ops"): 9, ("quarantined", "inference"): 3})
    assert (one.accepted, one.refused) == (8, 2)
    assert one.jobs_per_s == pytest.approx(15 / 300)
    assert one.per_minute == pytest.approx(0.15)
    assert one.per_core_hour == pytest.approx(0.75 / 1.5 * 3600)
    idle = replace(WELL, types=(replace(WORK, recent_kernel_s=0.0),))
    assert views.job_types(idle, {})[0].per_core_hour is None


def step(amount: str, jobs: int = 1) -> PaidStep:
    return PaidStep(miners={MINER.name: Decimal(amount), "attic": ZERO}, types={"inference": jobs}, hosts={})


def test_a_chart_tells_what_is_not_read_yet_from_what_was_not_paid() -> None:
    past = [None, *[step("0")] * 58, step("1.5", 3)]
    made = views.chart(HOUR, past, AT_MS, UTC_CALENDAR)
    assert (made.total, made.complete, made.steps[-1].jobs) == (Decimal("1.5"), False, 3)
    assert made.steps[0].bar is None
    assert made.steps[1].bar is not None
    assert [one.last for one in made.steps[-2:]] == [False, True]
    assert made.steps[-1].at == "08:00"
    assert views.chart(HOUR, past[1:] + past[-1:], AT_MS, UTC_CALENDAR).complete


def test_a_miners_chart_holds_its_own_payments() -> None:
    past = [step("2")] * MONTH.steps
    assert views.chart(MONTH, past, AT_MS, UTC_CALENDAR, MINER.name).total == 2 * MONTH.steps
    assert views.chart(MONTH, past, AT_MS, UTC_CALENDAR, "nobody").total == 0
    assert views.chart(MONTH, past, AT_MS, UTC_CALENDAR, MINER.name).steps[-1].at == "2027-01-15"
