"""A ledger that is lost, swapped or damaged is noticed, and what can be saved is."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fleet.domain.effects import SessionOpened
from fleet.errors import LedgerError, LedgerLost
from fleet.ledger.ledger import Ledger
from fleet.ledger.proof.heads import Head, doubts, keep_heads, kept_heads, refuse_lost
from fleet.ledger.reports.verify import verify
from fleet.ledger.storage.engine import open_engine
from tests.support.ledger_rows import paid


def opened(file: Path) -> Ledger:
    return Ledger(open_engine(f"sqlite:///{file}"), "here")


def payments(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM entries").fetchone()[0])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger of five paid jobs, which nobody has open."""
    path = tmp_path / "ledger.sqlite"
    with opened(path) as ledger:
        ledger.commit([SessionOpened(miner_id="rig-a1", session_id="s1", offset=None)])
        for number in range(5):
            ledger.commit(paid(number))
    return path


def delete(file: Path) -> None:
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()


def delete_log(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


def replace(file: Path) -> None:
    other = file.with_name("other.sqlite")
    shutil.copy(file, other)
    other.replace(file)


@pytest.mark.parametrize(
    ("act", "words"), [(delete, "was deleted"), (delete_log, "was deleted"), (replace, "was replaced by another file")]
)
def test_a_file_that_goes_while_it_is_written_is_noticed_at_once_and_saved_whole(
    file: Path, act: object, words: str
) -> None:
    assert callable(act)
    with opened(file) as ledger:
        ledger.commit(paid(5))
        act(file)
        with pytest.raises(LedgerLost, match=words) as caught:
            ledger.commit(paid(6))
    (saved,) = file.parent.glob("ledger.sqlite.rescued-*")
    assert str(saved) in str(caught.value)
    assert payments(saved) == 7
    with closing(sqlite3.connect(saved)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("length", [0, 5000])
def test_a_file_that_is_cut_off_while_it_is_written_is_noticed(file: Path, length: int) -> None:
    with opened(file) as ledger:
        ledger.commit(paid(5))
        os.truncate(file, length)
        with pytest.raises(LedgerLost, match="was cut off"):
            ledger.commit(paid(6))


def test_a_file_that_is_overwritten_while_it_is_written_is_noticed(file: Path) -> None:
    with opened(file) as ledger:
        ledger.commit(paid(5))
        with file.open("r+b") as damaged:
            damaged.write(b"\0" * 100)
        with pytest.raises(LedgerLost, match="was overwritten"):
            ledger.commit(paid(6))


def test_half_a_file_is_not_mined_into(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(LedgerError, match=r"is damaged|malformed"):
        opened(file)


@pytest.mark.parametrize("seed", range(40))
def test_forty_flipped_bytes_are_a_clear_error_or_found_by_verify_and_never_a_raw_one(file: Path, seed: int) -> None:
    rng = random.Random(seed)
    content = bytearray(file.read_bytes())
    for _ in range(40):
        content[rng.randrange(100, len(content))] ^= rng.randrange(1, 256)
    file.write_bytes(content)
    with contextlib.suppress(LedgerError), opened(file) as ledger:
        ledger.saved_miner("rig-a1")
        ledger.begin_run("r1")
        ledger.abandoned_sessions(set())
        ledger.scopes("r1", ["rig-a1"])
    with contextlib.suppress(LedgerError):
        verify(open_engine(f"sqlite:///{file}", read_only=True))


def test_a_ledger_that_is_gone_is_not_begun_again_while_its_head_is_known(file: Path) -> None:
    heads = file.with_name("ledger.heads")
    with opened(file) as ledger:
        keep_heads(heads, ledger.heads())
    refuse_lost(file, kept_heads(heads))
    (head,) = kept_heads(heads)
    assert (head.server, head.entries) == ("here", 5)
    file.unlink()
    with pytest.raises(LedgerLost, match="it had 5 entries for here; restore a backup, or remove"):
        refuse_lost(file, kept_heads(heads))
    saved = file.with_name("ledger.sqlite.rescued-20261126T030000Z")
    saved.touch()
    with pytest.raises(LedgerLost, match=f"put {saved} in its place"):
        refuse_lost(file, kept_heads(heads))


def test_an_older_copy_and_another_ledger_are_doubted(file: Path, tmp_path: Path) -> None:
    with opened(file) as ledger:
        before = ledger.heads()
        assert doubts(before, ledger.hash_of) == []
        ledger.commit(paid(5))
        assert doubts(before, ledger.hash_of) == []
        after = ledger.heads()
    with opened(tmp_path / "other.sqlite") as other:
        (said,) = doubts(before, other.hash_of)
        assert "entry 5 of here" in said
        assert "is missing" in said
        for number in range(9, 2, -1):
            other.commit(paid(number))
        (said,) = doubts(after, other.hash_of)
        assert "is not the one that was there" in said


def test_heads_are_kept_once_each_and_a_strange_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ledger.heads"
    heads = [Head(server="a server", entries=n, hash=f"{n:064x}", at="2026-11-26T03:00:00Z") for n in range(3)]
    for head in [*heads, heads[-1]]:
        keep_heads(file, [head])
    assert kept_heads(file) == heads
    file.write_text("something else\n")
    with pytest.raises(LedgerError, match=r"ledger\.heads holds no heads"):
        kept_heads(file)


def test_thousands_of_heads_keep_the_newest_and_ever_fewer_of_the_oldest(tmp_path: Path) -> None:
    file = tmp_path / "ledger.heads"
    lines = [f"2026-11-26T03:00:00Z {n} {n:064x} here" for n in range(2500)]
    file.write_text("".join(f"{line}\n" for line in lines))
    keep_heads(file, [Head(server="here", entries=9999, hash="ab" * 32, at="2026-11-26T04:00:00Z")])
    kept = [head.entries for head in kept_heads(file)]
    assert len(kept) < 2000
    assert kept[-1] == 9999
    assert kept[-1001:-1] == list(range(1500, 2500))
