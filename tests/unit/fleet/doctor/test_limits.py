"""Limits of a machine, judged from numbers."""

from __future__ import annotations

from fleet.doctor.diagnosis import Grade
from fleet.doctor.limits import Demand, judged_pool, judged_processor, judged_tasks
from tests.support.diagnoses import about

_DEMAND = Demand(miners=8, connections=64, processes=8)


def test_too_few_processes_are_a_fault() -> None:
    assert judged_tasks(20, 70).grade is Grade.FAIL
    assert "ulimit -u" in judged_tasks(20, 70).advice
    assert judged_tasks(70, 70).grade is Grade.OK


def test_too_little_memory_for_the_processes_is_a_warning() -> None:
    found = about("worker memory", judged_pool(_DEMAND, cores=8, memory_mb=300, open_files=4096))
    assert found.grade is Grade.WARN
    assert "FLEET_WORKER__CONCURRENCY" in found.advice


def test_a_processor_without_what_numpy_needs_is_a_fault() -> None:
    found = judged_processor("this processor lacks popcnt, which numpy needs (x86-64-v2): run workers on another host")
    assert (found.grade, found.advice) == (Grade.FAIL, "run workers on another host")
    assert judged_processor(None).grade is Grade.OK
