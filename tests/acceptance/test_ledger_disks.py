"""A ledger's disk that fills up or can't be written, and files beside it or itself that are broken, for real."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.disks import small_disk
from tests.support.farms import book, earned, farm, farm_settings, figures, simulator, state
from tests.support.processes import run_fleet

REPORTS = ("rewards", "rewards --losses", "miners", "reconcile", "ledger verify", "ledger export --csv -")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of the test's own."""
    with small_disk(tmp_path / "disk", "24m") as folder:
        yield folder


def filled(folder: Path) -> Path:
    """A file that takes all the room that was left."""
    file = folder / "filler"
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY)
    with contextlib.suppress(OSError):
        while True:
            os.write(descriptor, bytes(4096))
    os.close(descriptor)
    return file


def test_a_full_disk_ends_the_farm_with_its_cause_and_costs_no_payment(tmp_path: Path, disk: Path) -> None:
    settings = {"FLEET_STATE_DIR": str(disk / "state")}
    with simulator(tmp_path / "simulator") as (_, url):
        options = ("--server", url, "--miners", "2", "--json")
        with farm(tmp_path / "farm", *options, settings=settings) as process:
            process.says("[REWARD]", times=20)
            filler = filled(disk)
            assert process.wait() == 73, process.words()
            assert "fleet: the ledger can't be written: database or disk is full" in process.err
            assert "Traceback" not in process.err
        filler.unlink()
        with farm(tmp_path / "farm", *options, "--for", "3s", settings=settings) as process:
            assert process.wait() == 0, process.words()
            assert figures(process)["rewards"]["difference_nnet"] == 0
        known = farm_settings(tmp_path / "farm", settings | {"FLEET_SERVER": url})
        done = run_fleet("ledger", "verify", folder=tmp_path / "farm", settings=known)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_ledger_on_a_disk_that_can_only_be_read_is_not_mined_into_and_every_report_reads_it(
    tmp_path: Path, disk: Path
) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator") as (_, url):
        settings = {"FLEET_STATE_DIR": str(disk / "state"), "FLEET_SERVER": url, "FLEET_MINERS": "2"}
        with farm(folder, "--for", "2s", settings=settings) as process:
            assert process.wait() == 0, process.words()
        known = farm_settings(folder, settings)
        before = [run_fleet(*report.split(), folder=folder, settings=known).stdout for report in REPORTS]
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with farm(folder, "--for", "2s", settings=settings) as process:
            assert process.wait() == 73, process.words()
            assert "Read-only file system; choose a writable folder with FLEET_STATE_DIR" in process.err
        for report, stated in zip(REPORTS, before, strict=True):
            done = run_fleet(*report.split(), folder=folder, settings=known)
            assert (done.returncode, done.stdout) == (0, stated), report + done.stderr


@pytest.mark.parametrize("heads", ["a folder", "no text", "missing"])
def test_heads_that_can_not_be_read_are_named_and_missing_ones_are_written_again(tmp_path: Path, heads: str) -> None:
    folder = tmp_path / "farm"
    file = state(folder) / "ledger.heads"
    with simulator(tmp_path / "simulator") as (_, url):
        options = ("--server", url, "--miners", "2", "--for", "2s", "--json")
        with farm(folder, *options) as process:
            assert process.wait() == 0, process.words()
        file.unlink()
        if heads == "a folder":
            file.mkdir()
        elif heads == "no text":
            file.write_bytes(b"\xff\xfe\x00")
        if heads != "missing":
            with farm(folder, *options) as process:
                assert process.wait() == 73, process.words()
                assert f"fleet: {file} holds no heads of a ledger" in process.err
                assert "restore it, or remove it" in process.err
                assert "Traceback" not in process.err
            file.rmdir() if file.is_dir() else file.unlink()
        with farm(folder, *options) as process:
            assert process.wait() == 0, process.words()
            assert figures(process)["rewards"]["difference_nnet"] == 0
        assert file.is_file()
        assert earned(folder, url) == book(url)


def test_a_ledger_of_no_bytes_is_a_lost_one(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    with simulator(tmp_path / "simulator") as (_, url):
        options = ("--server", url, "--miners", "2", "--for", "2s")
        with farm(folder, *options) as process:
            assert process.wait() == 0, process.words()
        file = state(folder) / "ledger.sqlite"
        for path in file.parent.glob("ledger.sqlite*"):
            path.unlink()
        file.touch()
        with farm(folder, *options) as process:
            assert process.wait() == 73, process.words()
            assert f"fleet: the ledger {file} is gone" in process.err
        for report in REPORTS:
            done = run_fleet(*report.split(), folder=folder, settings=farm_settings(folder, {"FLEET_SERVER": url}))
            assert done.returncode == 73, report + done.stdout
            assert "Traceback" not in done.stderr
        assert file.stat().st_size == 0
