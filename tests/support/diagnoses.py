"""Diagnoses of `fleet doctor`, looked up by subject."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fleet.doctor.diagnosis import Diagnosis
from tests.support.processes import run_fleet

#: subjects of which a warning depends on the machine that runs the tests
OF_THE_MACHINE = frozenset(
    {"disk writes", "disk space", "file system", "server latency", "worker memory", "open files", "sqlite"}
)


def about(subject: str, diagnoses: Iterable[Diagnosis]) -> Diagnosis:
    """The worst diagnosis of a subject. Raises AssertionError, which shows all of them, if there is none."""
    known = list(diagnoses)
    found = [one for one in known if one.subject == subject]
    assert found, f"nothing about {subject!r}: {known}"
    order = ["fail", "warn", "not checked", "ok"]
    return min(found, key=lambda one: order.index(one.grade.value))


def doctor(
    folder: Path, settings: dict[str, str], *options: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Run `fleet doctor --json` in a folder. Returns the exit code and the worst line of each subject."""
    done = run_fleet("doctor", "--json", *options, folder=folder, settings=settings)
    order = ["fail", "warn", "not_checked", "ok"]
    worst: dict[str, Any] = {}
    for one in sorted(json.loads(done.stdout)["checks"], key=lambda one: order.index(one["grade"])):
        worst.setdefault(one["subject"], one)
    return done, worst
