"""Modes, disks and ledgers with a planted fault, as `fleet doctor` finds them."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from config.load import read
from fleet.doctor.checkup import secret_files
from fleet.doctor.diagnosis import Diagnosis, Grade
from fleet.doctor.disk import disk_diagnoses
from fleet.doctor.ledger import ledger_diagnoses
from fleet.doctor.modes import mode_diagnoses
from fleet.ledger.storage.engine import open_engine
from fleet.ledger.storage.places import LedgerPlace
from tests.support.diagnoses import about
from tests.support.disks import small_disk

_NOW_MS = int(time.time() * 1000)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user of this machine can enter, unlike those that pytest makes."""
    made = Path(f"/tmp/neonet-doctor-{os.getpid()}-{time.monotonic_ns()}")
    made.mkdir()
    made.chmod(0o755)
    try:
        yield made
    finally:
        subprocess.run(["rm", "-rf", made], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of the test's own."""
    with small_disk(tmp_path / "disk", "1m") as folder:
        yield folder


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def settings_in(folder: Path, text: str) -> Path:
    """A `.env` with this text that everybody can read."""
    file = folder / "settings.env"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)
    return file


def test_a_secret_that_everybody_can_read_is_found_and_fixed(shared: Path) -> None:
    file = settings_in(shared, "FLEET_REDIS_URL=redis://:a-long-password@127.0.0.1/0\n")
    secrets = secret_files(read(environ={}, env_file=file))
    assert secrets == (file,)
    found = about("secrets", mode_diagnoses((), secrets, fix=False))
    assert found.grade is Grade.FAIL
    assert f"chmod 600 {file}" in found.advice
    assert mode(file) == 0o644, "it was changed without --fix"
    assert about("secrets", mode_diagnoses((), secrets, fix=True)).grade is Grade.OK
    assert mode(file) == 0o640


def test_a_file_that_names_a_miner_counts_as_secret_and_one_without_does_not(shared: Path) -> None:
    assert secret_files(read(environ={}, env_file=settings_in(shared, "FLEET_ID=my_miner_001\n")))
    assert not secret_files(read(environ={}, env_file=settings_in(shared, "FLEET_CPU=8\n")))


def mounted(file: Path, *, fix: bool = False) -> Diagnosis:
    """What is found of a file that this process can't change, in a container."""
    return about("secrets", mode_diagnoses((), (file,), fix=fix, contained=True))


def test_a_secret_that_a_container_can_only_read_is_a_warning_until_its_folder_is_closed(shared: Path) -> None:
    with small_disk(shared / "disk", "1m") as disk:
        file = settings_in(disk, "FLEET_ID=my_miner_001\n")
        assert mounted(file).grade is Grade.FAIL, "it can be changed"
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        found = mounted(file, fix=True)
        assert found.grade is Grade.WARN
        assert f"`sudo chgrp {os.getegid()}` and `chmod 750`" in found.advice
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        disk.chmod(0o750)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert mounted(file).grade is Grade.OK


def test_a_file_in_a_folder_that_nobody_else_can_enter_is_private(shared: Path) -> None:
    file = settings_in(shared, "FLEET_ID=my_miner_001\n")
    shared.chmod(0o700)
    assert about("secrets", mode_diagnoses((), (file,), fix=False)).grade is Grade.OK


def test_fix_leaves_links_alone(shared: Path) -> None:
    file, link = settings_in(shared, "FLEET_ID=my_miner_001\n"), shared / "link"
    link.symlink_to(file)
    assert about("secrets", mode_diagnoses((), (link,), fix=True)).grade is Grade.FAIL
    assert mode(file) == 0o644


def test_an_open_state_folder_is_found_and_fixed(shared: Path) -> None:
    state = shared / "state"
    state.mkdir()
    state.chmod(0o755)
    (state / "ledger.sqlite").touch()
    found = about("state folder", mode_diagnoses((state,), (), fix=False))
    assert found.grade is Grade.FAIL
    assert f"chmod 700 {state}" in found.advice
    assert about("state folder", mode_diagnoses((state,), (), fix=True)).grade is Grade.OK
    assert (mode(state), mode(state / "ledger.sqlite")) == (0o700, 0o600)


def test_a_state_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    found = about("state folder", mode_diagnoses((tmp_path / "state",), (), fix=True))
    assert found.grade is Grade.OK
    assert not (tmp_path / "state").exists()


def test_a_full_disk_is_found(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    found = list(disk_diagnoses(disk, None, sqlite=True))
    assert about("disk writes", found).grade is Grade.FAIL
    assert "no space is left" in about("disk writes", found).found
    assert about("disk space", found).grade is Grade.FAIL
    assert "free space" in about("disk space", found).advice
    assert [path.name for path in disk.iterdir()] == ["filler"], "the check left a file"


def test_a_disk_in_memory_is_a_warning(disk: Path) -> None:
    found = about("file system", disk_diagnoses(disk / "state", None, sqlite=True))
    assert found.grade is Grade.WARN
    assert "FLEET_STATE_DIR" in found.advice


def test_a_disk_that_can_only_be_read_is_found(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    found = about("disk writes", disk_diagnoses(disk, None, sqlite=True))
    assert found.grade is Grade.FAIL
    assert "is read-only" in found.found
    assert "mount it for writing" in found.advice


def place(file: Path) -> LedgerPlace:
    return LedgerPlace(url=f"sqlite:///{file}", simulated=True)


def of_ledger(file: Path) -> Diagnosis:
    return about("ledger", ledger_diagnoses(place(file), file.parent, _NOW_MS))


def test_no_ledger_is_no_fault_and_none_is_made(tmp_path: Path) -> None:
    assert of_ledger(tmp_path / "ledger.sqlite").grade is Grade.OK
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_ledger_is_found(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("not a database, and long enough to be read as one" * 20)
    found = of_ledger(tmp_path / "ledger.sqlite")
    assert found.grade is Grade.FAIL
    assert "troubleshooting" in found.advice


def test_a_ledger_of_a_newer_release_is_found_and_of_an_older_one_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    open_engine(place(file).url).dispose()
    assert of_ledger(file).grade is Grade.OK
    for schema, grade in (("99", Grade.FAIL), ("6", Grade.WARN)):
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (schema,))
        assert of_ledger(file).grade is grade


def test_a_lost_ledger_is_found(tmp_path: Path) -> None:
    head = "2026-01-01T00:00:00Z 12 " + "0" * 64 + " https://neonet.example.com\n"
    (tmp_path / "ledger.heads").write_text(head)
    assert of_ledger(tmp_path / "ledger.sqlite").grade is Grade.FAIL
