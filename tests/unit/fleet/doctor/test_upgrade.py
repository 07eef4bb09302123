"""The order of an upgrade, and its proof."""

from __future__ import annotations

from dataclasses import replace

from fleet.doctor.diagnosis import Grade
from fleet.doctor.upgrade import copy_needed, judged_order, judged_proof
from fleet.errors import LedgerError
from fleet.ledger.trial import Holdings
from tasks.broker.statement import Statement
from tests.support.diagnoses import about

_OWN = Statement(release="0.2.0", wire=2)
_BEFORE = Holdings(
    jobs=100, open_jobs=5, entries=90, newest_at=1_000, before_newest=99, heads={"simulator": (90, "ab")}
)
_AFTER = replace(_BEFORE, jobs=120, entries=110, open_jobs=3)


def test_releases_of_one_wire_version_are_upgraded_one_after_the_other() -> None:
    found = about("order", judged_order(replace(_OWN, release="0.1.0"), {"attic": _OWN}, _OWN))
    assert (found.grade, "coordinator first" in found.found) == (Grade.OK, True)


def test_another_wire_version_needs_all_workers_at_once() -> None:
    for coordinator, workers in ((replace(_OWN, wire=1), {}), (None, {"attic": replace(_OWN, wire=1)})):
        found = about("order", judged_order(coordinator, workers, _OWN))
        assert found.grade is Grade.WARN
        assert "all workers at once" in found.advice


def test_a_silent_worker_is_named_and_a_farm_that_does_not_run_is_not_judged() -> None:
    assert about("hosts", judged_order(_OWN, {"attic": None}, _OWN)).grade is Grade.WARN
    assert about("order", judged_order(None, {}, _OWN)).grade is Grade.NOT_CHECKED
    assert about("hosts", judged_order(None, None, _OWN)).grade is Grade.NOT_CHECKED


def test_the_proof_states_jobs_before_after_and_lost() -> None:
    found = judged_proof(_BEFORE, _AFTER, [])
    assert found.grade is Grade.OK
    assert found.found == "jobs before 100, after 120, lost 0; entries before 90, after 110"


def test_a_lost_job_or_another_chain_fails_the_proof() -> None:
    found = judged_proof(_BEFORE, replace(_AFTER, before_newest=97), [])
    assert (found.grade, "lost 2" in found.found) == (Grade.FAIL, True)
    found = judged_proof(_BEFORE, _AFTER, ["simulator"])
    assert (found.grade, "the chain of simulator" in found.found) == (Grade.FAIL, True)
    assert judged_proof(_BEFORE, replace(_AFTER, entries=89), []).grade is Grade.FAIL


def test_a_release_that_speaks_the_version_before_too_is_upgraded_one_after_the_other() -> None:
    new = replace(_OWN, wire=3, oldest_wire=2, written_wire=2)
    found = about("order", judged_order(_OWN, {"attic": _OWN}, new))
    assert (found.grade, "coordinator first" in found.found) == (Grade.OK, True)
    (host, *_) = judged_order(None, {"attic": new}, new)
    assert host.found == "attic: release 0.2.0, wire version 2 to 3"
    late = replace(_OWN, wire=4, oldest_wire=3)
    assert about("order", judged_order(_OWN, {}, late)).found == (
        "this release speaks wire version 3 to 4, the farm 2: the two exchange no jobs"
    )


def test_a_postgresql_ledger_that_was_not_tried_is_a_warning_with_the_commands() -> None:
    found = copy_needed(LedgerError("it has schema 8, this release 9: the migration was not tried"))
    assert (found.grade, "pg_dump" in found.advice, "--copy" in found.advice) == (Grade.WARN, True, True)
