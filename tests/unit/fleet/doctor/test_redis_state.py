"""What Redis states about itself, where a real one can't be brought to state it."""

from __future__ import annotations

from fleet.doctor.diagnosis import Grade
from fleet.doctor.redis_state import info_diagnoses
from tests.support.diagnoses import about

_SOUND = {
    "redis_version": "7.2.5",
    "used_memory": 1 << 20,
    "maxmemory": 512 << 20,
    "maxmemory_policy": "noeviction",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "rdb_last_bgsave_status": "ok",
    "connected_clients": 9,
    "maxclients": 10_000,
}


def test_a_sound_redis_has_no_fault() -> None:
    assert {one.grade for one in info_diagnoses(_SOUND)} == {Grade.OK}


def test_an_append_only_file_that_can_not_be_written_is_a_fault() -> None:
    found = about("redis persistence", info_diagnoses(_SOUND | {"aof_last_write_status": "err"}))
    assert found.grade is Grade.FAIL
    assert "disk" in found.advice


def test_a_save_that_failed_is_a_fault() -> None:
    found = about("redis persistence", info_diagnoses(_SOUND | {"rdb_last_bgsave_status": "err"}))
    assert found.grade is Grade.FAIL


def test_too_many_connections_are_a_warning() -> None:
    found = about("redis clients", info_diagnoses(_SOUND | {"connected_clients": 9_500}))
    assert found.grade is Grade.WARN
    assert "maxclients" in found.advice


def test_a_field_that_is_missing_or_no_number_breaks_nothing() -> None:
    assert list(info_diagnoses({}))
    assert list(info_diagnoses({"used_memory": "much", "maxmemory": None}))
