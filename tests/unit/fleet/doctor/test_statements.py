"""Versions and time limits of a farm's processes, compared."""

from __future__ import annotations

from dataclasses import replace

from fleet.doctor.diagnosis import Grade
from fleet.doctor.statements import judged_coordinator, judged_limits, judged_workers
from tasks.broker.statement import Statement
from tests.support.diagnoses import about

_OWN = Statement(release="0.2.0", wire=2, time_limit_s=30.0, visibility_timeout_s=120.0)


def test_equal_versions_and_limits_are_no_fault() -> None:
    found = [*judged_coordinator(_OWN, _OWN), *judged_workers({"attic": _OWN, "shed": _OWN}, _OWN)]
    assert {one.grade for one in found} == {Grade.OK}, found
    assert "attic, shed" in about("worker versions", found).found


def test_another_release_of_the_same_wire_version_is_named_and_no_fault() -> None:
    found = [*judged_workers({"attic": _OWN, "shed": replace(_OWN, release="0.1.9")}, _OWN)]
    assert {one.grade for one in found} == {Grade.OK}
    assert [one.found for one in found if "0.1.9" in one.found and "shed" in one.found]


def test_a_host_of_another_wire_version_is_a_fault() -> None:
    found = about("worker versions", judged_workers({"attic": replace(_OWN, wire=3)}, _OWN))
    assert found.grade is Grade.FAIL
    assert "install" in found.advice
    found = about("wire version", judged_coordinator(replace(_OWN, wire=3, release="0.3.0"), _OWN))
    assert found.grade is Grade.FAIL
    assert "install release 0.3.0 here" in found.advice


def test_a_worker_that_states_nothing_is_of_an_earlier_release() -> None:
    found = about("worker versions", judged_workers({"attic": None}, _OWN))
    assert found.grade is Grade.WARN
    assert "attic" in found.found


def test_without_a_coordinator_the_wire_version_is_not_known() -> None:
    assert about("wire version", judged_coordinator(None, _OWN)).grade is Grade.WARN


def test_a_redis_that_grants_no_look_is_not_judged() -> None:
    assert about("worker versions", judged_workers(None, _OWN)).grade is Grade.NOT_CHECKED


def test_a_job_that_is_given_away_while_it_is_computed_is_a_fault_on_any_host() -> None:
    hasty, slow = replace(_OWN, visibility_timeout_s=20.0), replace(_OWN, time_limit_s=150.0)
    for others, own in (({"attic": hasty}, _OWN), ({"attic": _OWN}, hasty), ({"attic": slow}, _OWN)):
        found = judged_limits(others, own)
        assert found.grade is Grade.FAIL, found
        assert "FLEET_VISIBILITY_TIMEOUT_S" in found.advice


def test_limits_that_differ_are_a_warning_and_named() -> None:
    found = judged_limits({"attic": replace(_OWN, visibility_timeout_s=240.0)}, _OWN)
    assert found.grade is Grade.WARN
    assert "(this host)" in found.found


def test_an_earlier_release_that_states_no_limits_is_left_out() -> None:
    assert judged_limits({"attic": Statement(release="0.1.0", wire=2)}, _OWN).grade is Grade.OK


def test_a_long_list_of_workers_is_cut() -> None:
    found = about("worker versions", judged_workers({f"host-{number:02}": _OWN for number in range(30)}, _OWN))
    assert found.found.endswith("host-07 and 22 more")
