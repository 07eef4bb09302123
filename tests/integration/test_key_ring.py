"""The coordinator's file of keys: an invitation and a dismissal count within a second, rubbish changes nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fleet.broker.key_ring import KeyRing
from fleet.errors import WrongSetting
from fleet.hosts.key_file import FarmKeys
from tasks.signing import job_mac, job_seal
from tests.support.signed import KEYS, signed_job


class Clock:
    """Monotonic seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "keys.json"
    found.write_text(KEYS.encode())
    return found


def put(file: Path, text: str) -> None:
    """Replace the file, as `fleet setup` does."""
    beside = file.with_suffix(".new")
    beside.write_text(text)
    beside.replace(file)


def test_a_dismissed_host_is_gone_after_a_second(file: Path) -> None:
    clock = Clock()
    ring = KeyRing(file, clock)
    assert ring.keys() == KEYS
    rest = replace(KEYS, hosts={host: key for host, key in KEYS.hosts.items() if host != "garage"})
    put(file, rest.encode())
    assert ring.keys() == KEYS
    clock.now += 1.0
    assert ring.keys() == rest


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 1}', None])
def test_a_file_that_holds_no_keys_changes_nothing(
    file: Path, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    ring = KeyRing(file, clock)
    if text is None:
        file.unlink()
    else:
        put(file, text)
    for _ in range(3):
        clock.now += 1.0
        assert ring.keys() == KEYS
    assert len(caplog.records) == 1
    assert "the keys that were read from it last still count" in caplog.text
    put(file, KEYS.encode())
    clock.now += 1.0
    assert ring.keys() == KEYS


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_a_coordinator_does_not_start_without_the_keys_that_its_settings_name(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "keys.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(WrongSetting, match=r"dispatch\.keys_file .*keys\.json can't be used: "):
        KeyRing(file)


def test_a_job_is_signed_by_the_keys_that_count_now(file: Path) -> None:
    clock = Clock()
    ring = KeyRing(file, clock)
    sent = {name: value for name, value in signed_job().items() if name not in {"mac", "seal"}}
    ring.sign_job(sent, "job-1")
    assert sent == signed_job()
    other = FarmKeys(job=b"1" * 32, seal=b"2" * 32, hosts=KEYS.hosts)
    put(file, other.encode())
    os.utime(file, (1, 1))
    clock.now += 1.0
    ring.sign_job(sent, "job-1")
    assert sent["mac"] == job_mac(other.job, sent)
    assert sent["seal"] == job_seal(other.seal, b"job-1", sent["mac"].encode())
