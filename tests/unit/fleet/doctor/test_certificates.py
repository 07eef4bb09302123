"""The end of a certificate, judged from its date."""

from __future__ import annotations

import pytest

from fleet.doctor.certificates import judged_authority, judged_end
from fleet.doctor.diagnosis import Grade

_DAY_S = 86_400.0


@pytest.mark.parametrize(("days", "grade"), [(-3, Grade.FAIL), (5, Grade.WARN), (60, Grade.OK)])
def test_an_ended_certificate_is_a_fault_and_a_near_end_a_warning(days: int, grade: Grade) -> None:
    found = judged_end("server certificate", 1e9 + days * _DAY_S, now=1e9, version="TLSv1.3")
    assert found.grade is grade
    assert f"{abs(days)} " in found.found
    assert grade is Grade.OK or "renew" in found.advice


def test_an_authority_s_end_is_said_a_year_before() -> None:
    for days, grade in ((400, Grade.OK), (364, Grade.WARN), (-1, Grade.FAIL)):
        found = judged_authority("redis authority", 1e9 + days * _DAY_S, 1e9)
        assert found.grade is grade
        assert grade is Grade.OK or "invite every host again" in found.advice
