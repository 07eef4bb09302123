"""File systems and free space, judged by their type and in numbers."""

from __future__ import annotations

import pytest

from fleet.doctor.diagnosis import Grade
from fleet.doctor.disk import judged_fsync, judged_kind, judged_space

_GB = 1 << 30


@pytest.mark.parametrize(
    ("kind", "sqlite", "grade"),
    [
        ("ext4", True, Grade.OK),
        ("nfs4", True, Grade.FAIL),
        ("cifs", True, Grade.FAIL),
        ("nfs", False, Grade.WARN),
        ("tmpfs", True, Grade.WARN),
        ("", True, Grade.NOT_CHECKED),
    ],
)
def test_a_file_system_is_judged_by_its_type(kind: str, sqlite: bool, grade: Grade) -> None:
    assert judged_kind(kind, sqlite=sqlite).grade is grade


def test_a_network_file_system_is_called_by_its_name() -> None:
    assert "NFS" in judged_kind("nfs4", sqlite=True).found
    assert "local disk" in judged_kind("nfs4", sqlite=True).advice


@pytest.mark.parametrize(
    ("free", "growth", "grade"),
    [
        (10 << 20, None, Grade.FAIL),
        (_GB // 2, None, Grade.WARN),
        (10 * _GB, None, Grade.OK),
        (10 * _GB, float(_GB), Grade.WARN),
        (100 * _GB, float(_GB), Grade.OK),
    ],
)
def test_free_space_is_judged_by_its_size_and_by_its_days(free: int, growth: float | None, grade: Grade) -> None:
    assert judged_space(free, growth).grade is grade


def test_the_days_that_are_left_are_stated() -> None:
    assert "10 days" in judged_space(10 * _GB, float(_GB)).found


def test_a_slow_disk_is_a_warning() -> None:
    assert judged_fsync(5.0).grade is Grade.OK
    assert judged_fsync(900.0).grade is Grade.WARN
