"""What the pages say of a farm: its state, its hosts, and its jobs by type."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.control.control import Action, Control, Target, TargetKind
from fleet.status.snapshot import FarmSnapshot, Severity, Wrong
from fleet.web import views
from tests.support.snapshots import AT_MS, SNAPSHOT, WORK, snapshot

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
    named = replace(wrong("host shed", Severity.FAIL), text="Host shed fails half of its jobs.")
    assert [one.word for one in views.hosts(snapshot(wrong=(named,)))] == ["fails half of its jobs."]
    other = snapshot(wrong=(wrong("host barn", Severity.FAIL),))
    assert [one.grade for one in views.hosts(other)] == ["ok"]


def test_a_host_that_has_had_no_job_for_a_minute_is_marked_and_comes_first() -> None:
    quiet = replace(WORK, name="quiet", last_ms=AT_MS - 61_000)
    never = replace(WORK, name="never", last_ms=None)
    found = views.hosts(replace(WELL, hosts=(*WELL.hosts, quiet, never)))
    assert [(one.row.name, one.grade) for one in found] == [("never", "warn"), ("quiet", "warn"), ("shed", "ok")]


def test_a_host_that_is_paused_or_rests_by_its_own_limits_is_not_marked_as_quiet() -> None:
    hour_ago = AT_MS - 3_600_000
    hosts = tuple(
        replace(WORK, name=name, last_ms=hour_ago, free_slots=free, busy_slots=0)
        for name, free in (("attic", None), ("barn", 0), ("shed", 2))
    )
    target = Target(kind=TargetKind.HOST, name="attic")
    control = Control(target=target, action=Action.PAUSE, since_ms=hour_ago, who="alex")
    found = views.hosts(replace(WELL, hosts=hosts, controls=(control,)))
    assert {one.row.name: (one.grade, one.word) for one in found} == {
        "attic": ("off", "paused"),
        "barn": ("off", "rests by its own limits"),
        "shed": ("warn", "no job for 1 h"),
    }


def test_rates_are_of_the_last_minutes_and_counts_by_outcome() -> None:
    ended = {("accepted", "inference"): 7, ("already_completed", "inference"): 1, ("rejected", "inference"): 2}
    (one,) = views.job_types(WELL, ended | {("accepted", "matrix_ops"): 9, ("quarantined", "inference"): 3})
    assert (one.accepted, one.refused) == (8, 2)
    assert one.jobs_per_s == pytest.approx(15 / 300)
    assert one.per_minute == pytest.approx(0.15)
    assert one.per_core_hour == pytest.approx(0.75 / 1.5 * 3600)
    idle = replace(WELL, types=(replace(WORK, recent_kernel_s=0.0),))
    assert views.job_types(idle, {})[0].per_core_hour is None


def test_advice_names_its_server_where_there_are_several() -> None:
    assert views.advice(snapshot(advice={"": "close 1 of 8 miners"})) == ["Close 1 of 8 miners."]
    both = snapshot(advice={"main": "close 1 of 8 miners", "side": "open 2 more miners"})
    assert views.advice(both) == ["main: close 1 of 8 miners.", "side: open 2 more miners."]
