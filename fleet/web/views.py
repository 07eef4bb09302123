"""What the pages show of a snapshot, worked out for the templates. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleet.control.stated import line_of, subject_of
from fleet.domain.calendar import Calendar
from fleet.status.snapshot import FarmSnapshot, Severity, WorkRow
from fleet.status.stated import controls_stated
from fleet.web import figures
from fleet.web.lists import worst_of

#: seconds after which a snapshot is late, and a host without a job is marked
LATE_S, _QUIET_S = 5.0, 60.0
_NO_WORKER = "no_worker"
#: outcomes of jobs that the server paid, and that it did not accept
_PAID, _REFUSED = frozenset({"accepted", "already_completed"}), frozenset({"rejected", "expired"})

#: outcome of a job (a final state) and its type → how many since the coordinator's start
Ended = Mapping[tuple[str, str], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class FarmState:
    """In which state the farm is, as its pages say it."""

    #: `ok`, `warn`, `fail` or `off`
    grade: str
    word: str
    text: str


def standing(farm: FarmSnapshot, age_s: float) -> FarmState:
    """The farm's state; `age_s` is the age of the snapshot."""
    if farm.state == "ended":
        return FarmState(grade="off", word="Ended", text="The coordinator has ended: nothing is earned.")
    if age_s > LATE_S:
        text = f"The coordinator's figures are {figures.span(age_s)} old: its loop is busy or stuck."
        return FarmState(grade="fail", word="Late", text=text)
    if farm.state == "draining":
        return FarmState(grade="warn", word="Draining", text="The farm finishes its open jobs, then ends.")
    if any(one.severity is Severity.FAIL for one in farm.wrong):
        return FarmState(grade="fail", word="In trouble", text="Something keeps the farm from earning.")
    if farm.wrong:
        return FarmState(grade="warn", word="Mining", text="The farm earns less than it could.")
    if farm.controls:
        mines = any(row.state not in {"paused", "closed"} for row in farm.miners)
        return FarmState(grade="ok", word="Mining" if mines else "Paused", text=" ".join(pauses(farm)))
    return FarmState(grade="ok", word="Mining", text="Nothing is wrong that the coordinator knows of.")


def advice(farm: FarmSnapshot) -> list[str]:
    """What would earn more, in a sentence for each server."""
    texts = [f"{name}: {text}" if name else f"{text[0].upper()}{text[1:]}" for name, text in farm.advice.items()]
    return [f"{text}." for text in texts]


def pauses(farm: FarmSnapshot) -> list[str]:
    """What is paused, in a sentence for each."""
    calendar = Calendar(farm.earnings.time_zone)
    texts = [line_of(row) for row in controls_stated(farm.controls, calendar, farm.at_ms)]
    return [f"{text[0].upper()}{text[1:]}." for text in texts]


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkView:
    """A host or a job type with its rates."""

    row: WorkRow
    grade: str
    #: the grade in words
    word: str
    jobs_per_s: float
    per_minute: float
    #: NNET an hour of a kernel's time; None without one
    per_core_hour: float | None
    #: jobs since the coordinator's start that the server paid, and that it refused
    accepted: int = 0
    refused: int = 0


def hosts(farm: FarmSnapshot) -> list[WorkView]:
    """The hosts; those that need a look first, then those that earn most."""
    views = [_work(row, farm, *_host_grade(row, farm)) for row in farm.hosts]
    order = {"fail": 0, "warn": 1, "ok": 2, "off": 3}
    return sorted(views, key=lambda one: (order[one.grade], -one.per_minute, one.row.name))


def job_types(farm: FarmSnapshot, ended: Ended) -> list[WorkView]:
    """The types of jobs, those that earn most first."""
    views = [_work(row, farm, "ok", "", ended) for row in farm.types]
    return sorted(views, key=lambda one: (-one.per_minute, one.row.name))


def _work(row: WorkRow, farm: FarmSnapshot, grade: str, word: str, ended: Ended | None = None) -> WorkView:
    counts = [(outcome, number) for (outcome, name), number in (ended or {}).items() if name == row.name]
    return WorkView(
        row=row,
        grade=grade,
        word=word,
        jobs_per_s=row.recent_jobs / farm.earnings.recent_s,
        per_minute=float(row.recent) / farm.earnings.recent_s * 60,
        per_core_hour=float(row.recent) / row.recent_kernel_s * 3600 if row.recent_kernel_s else None,
        accepted=sum(number for outcome, number in counts if outcome in _PAID),
        refused=sum(number for outcome, number in counts if outcome in _REFUSED),
    )


def _host_grade(row: WorkRow, farm: FarmSnapshot) -> tuple[str, str]:
    worst = worst_of(farm.wrong, f"host {row.name}")
    if worst is not None:
        # the host's name stands beside it
        return worst.severity.value, worst.text.removeprefix(f"Host {row.name} ")
    if farm.state == "ended":
        return "off", "ended"
    subject = f"host {row.name}"
    if any(subject_of(one.target) == subject for one in farm.controls):
        return "off", "paused"
    if row.rests:
        return "off", "rests by its own limits"
    if any(one.kind == _NO_WORKER for one in farm.wrong):
        return "fail", "takes no jobs"
    if row.last_ms is None:
        return "warn", "no job yet"
    quiet_s = (farm.at_ms - row.last_ms) / 1000
    return ("warn", f"no job for {figures.span(quiet_s)}") if quiet_s > _QUIET_S else ("ok", "computing")
