"""The snapshot's file is whole at every moment, its owner's alone, exact to the last digit, and no farm's end."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from fleet.status.publisher import Publisher, Wanted
from fleet.status.snapshot_file import SNAPSHOT_FILE, SnapshotWriter, read_snapshot
from tests.support.snapshots import AT_MS, MINER, SNAPSHOT, snapshot


def written(folder: Path) -> SnapshotWriter:
    writer = SnapshotWriter(folder / SNAPSHOT_FILE)
    writer.write(SNAPSHOT)
    return writer


def test_what_was_written_is_read_with_its_age_and_every_digit(tmp_path: Path) -> None:
    written(tmp_path)
    found = read_snapshot(tmp_path, AT_MS + 2_500)
    assert found is not None
    assert (found.age_s, found.fresh, found.usable) == (2.5, True, True)
    assert found.figures["earnings"]["ledger_nnet"] == Decimal("112.345678901")
    assert found.figures["miners"][0]["ledger_nnet"] == Decimal("12.345678901")
    assert found.figures["losses"] == [{"cause": "expired", "jobs": 2, "not_earned_nnet": Decimal("0.3")}]


def test_only_the_owner_can_read_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    written(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [SNAPSHOT_FILE]
    assert stat.S_IMODE((tmp_path / SNAPSHOT_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(("age_ms", "state"), [(6_000, (False, True)), (61_000, (False, False))])
def test_an_old_snapshot_is_known_as_old(tmp_path: Path, age_ms: int, state: tuple[bool, bool]) -> None:
    written(tmp_path)
    found = read_snapshot(tmp_path, AT_MS + age_ms)
    assert found is not None
    assert (found.fresh, found.usable) == state


def test_the_last_one_says_that_the_coordinator_has_ended(tmp_path: Path) -> None:
    written(tmp_path).write(snapshot(state="ended"))
    found = read_snapshot(tmp_path, AT_MS)
    assert found is not None
    assert found.ended
    assert not found.usable


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"v": 99}', '{"v": 1, "miners": 3}', '{"v": 1, "miners": [], "at_ms": "x"}']
)
def test_what_is_no_snapshot_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / SNAPSHOT_FILE).write_text(text)
    assert read_snapshot(tmp_path, AT_MS) is None
    assert read_snapshot(tmp_path / "nowhere", AT_MS) is None


def test_a_row_that_changed_is_written_anew(tmp_path: Path) -> None:
    writer = written(tmp_path)
    writer.write(snapshot(miners=(replace(MINER, state="waiting"),)))
    assert json.loads((tmp_path / SNAPSHOT_FILE).read_text())["miners"][0]["state"] == "waiting"


def publisher(folder: Path) -> Publisher:
    return Publisher(
        SnapshotWriter(folder / SNAPSHOT_FILE),
        Wanted(),
        losses=lambda first, _: {"expired": (2, Decimal("0.3"))} if first else {"expired": (1, Decimal("0.1"))},
        day=lambda _: {},
    )


def test_the_last_snapshot_is_written_before_the_thread_ends_with_the_losses_of_the_ledger(tmp_path: Path) -> None:
    made = publisher(tmp_path)
    made.put(snapshot(losses=None))
    made.put(snapshot(losses=None, state="ended"))
    made.close()
    found = read_snapshot(tmp_path, AT_MS)
    assert found is not None
    assert found.ended
    assert found.figures["losses"] == [{"cause": "expired", "jobs": 3, "not_earned_nnet": Decimal("0.4")}]


def test_a_file_that_can_not_be_written_ends_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    made = publisher(folder)
    made.put(SNAPSHOT)
    waiting = threading.Event()
    while not made.problem:
        waiting.wait(0.01)
    folder.mkdir()
    made.put(SNAPSHOT)
    made.close()
    assert made.problem == ""
    assert read_snapshot(folder, AT_MS) is not None
