"""Checks that hang, break or show a secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from fleet.doctor.diagnosis import Diagnosis, Grade, ok
from fleet.doctor.examination import Check, examine


def test_a_check_that_hangs_ends_after_the_deadline_and_keeps_what_it_found() -> None:
    release = threading.Event()

    def hang() -> Iterator[Diagnosis]:
        yield ok("disk", "before")
        release.wait()

    checks = (Check(subject="disk", examine=hang), Check(subject="redis", examine=lambda: [ok("redis", "answers")]))
    found = examine(checks, 0.2)
    release.set()
    assert [(one.subject, one.grade) for one in found] == [
        ("disk", Grade.OK),
        ("disk", Grade.NOT_CHECKED),
        ("redis", Grade.OK),
    ]
    assert found[1].found == "not checked: no end within 0.2 s"


def test_a_check_that_breaks_is_named_without_its_message() -> None:
    def broken() -> Iterator[Diagnosis]:
        yield ok("redis", "before")
        raise RuntimeError("redis://:a-long-password@host")

    found = examine((Check(subject="redis", examine=broken),), 5.0)
    assert [one.found for one in found] == ["before", "not checked: the check ended with RuntimeError"]


def test_each_text_is_hidden() -> None:
    found = examine((Check(subject="redis", examine=lambda: [ok("redis", "secret")]),), 5.0, str.upper)
    assert found[0].found == "SECRET"


def test_a_fault_needs_advice() -> None:
    with pytest.raises(ValueError, match="without advice"):
        Diagnosis(subject="redis", grade=Grade.FAIL, found="down")
