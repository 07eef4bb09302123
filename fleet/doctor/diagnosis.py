"""What a check found, as a value: a grade, the finding in words, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Grade(Enum):
    """How a finding is judged."""

    #: nothing to do
    OK = "ok"
    #: the farm works, and something should be changed
    WARN = "warn"
    #: the farm can't work, or will lose something
    FAIL = "fail"
    #: the check could not be made
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """One line of `fleet doctor`."""

    #: what was examined, e.g. `redis memory`
    subject: str
    grade: Grade
    #: what was found, in words, without any secret
    found: str
    #: what to do; empty where nothing is to be done
    advice: str = ""

    def __post_init__(self) -> None:
        if self.grade in (Grade.WARN, Grade.FAIL) and not self.advice:
            raise ValueError(f"{self.subject}: a fault without advice")


def ok(subject: str, found: str) -> Diagnosis:
    """A finding that needs no action."""
    return Diagnosis(subject=subject, grade=Grade.OK, found=found)


def warn(subject: str, found: str, advice: str) -> Diagnosis:
    """A finding with which the farm works for now."""
    return Diagnosis(subject=subject, grade=Grade.WARN, found=found, advice=advice)


def fail(subject: str, found: str, advice: str) -> Diagnosis:
    """A finding with which the farm can't work, or loses something."""
    return Diagnosis(subject=subject, grade=Grade.FAIL, found=found, advice=advice)


def not_checked(subject: str, reason: str) -> Diagnosis:
    """A check that could not be made, and why."""
    return Diagnosis(subject=subject, grade=Grade.NOT_CHECKED, found=f"not checked: {reason}")


def counted(diagnoses: Iterable[Diagnosis]) -> dict[Grade, int]:
    """The number of diagnoses of each grade."""
    counts = dict.fromkeys(Grade, 0)
    for one in diagnoses:
        counts[one.grade] += 1
    return counts
