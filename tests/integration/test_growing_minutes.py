"""The newest minutes are the ledger's, however they grew, and each entry of them is read once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fleet.errors import LedgerError
from fleet.ledger.reports import history
from fleet.ledger.reports.growing_minutes import GrowingMinutes
from fleet.ledger.reports.history import minutes
from tests.support.history_books import EIGHT, MINUTE_MS, OTHER_MINER, Books

HOUR_MS = 60 * MINUTE_MS


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    made = Books(tmp_path)
    with made.ledger:
        yield made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many entries each page held that was read."""
    found: list[int] = []
    pages = history._pages

    def counted(*given: Any) -> Iterator[list[Any]]:
        for page in pages(*given):
            found.append(len(page))
            yield page

    monkeypatch.setattr(history, "_pages", counted)
    return found


def test_an_entry_is_read_once_while_the_minutes_grow(books: Books, read: list[int]) -> None:
    growing = GrowingMinutes(books.place, ("one",))
    for number in range(1, 100):
        books.paid("0.1", miner=OTHER_MINER)
        since_ms = max(EIGHT, books.now_ms - 2 * MINUTE_MS) // MINUTE_MS * MINUTE_MS
        until_ms = books.now_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS
        found = growing(since_ms, until_ms)
        assert sum(read) == number
        assert found == minutes(books.place, ("one",), since_ms, until_ms)
        read.clear()
        read.append(number)
        books.now_ms += 7_000


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_asked_for_the_answer_is_the_ledgers(books: Books, seed: int) -> None:
    """Payments, steps of the clock, jumps, and periods of any age, in any order."""
    random, growing = Random(seed), GrowingMinutes(books.place, ("one",))
    for _ in range(60):
        for _ in range(random.randrange(4)):
            books.paid(f"{random.randrange(1, 10**6)}e-6", worker=f"worker@host-{random.randrange(2)}")
        books.now_ms += random.randrange(3 * MINUTE_MS)
        if random.random() < 0.05:
            books.jump(books.now_ms + random.randrange(-HOUR_MS, HOUR_MS))
        until_ms = (books.now_ms // MINUTE_MS + random.randrange(-20, 3)) * MINUTE_MS
        since_ms = until_ms - random.randrange(1, 15) * MINUTE_MS
        assert growing(since_ms, until_ms) == minutes(books.place, ("one",), since_ms, until_ms)


def test_a_reading_that_failed_counts_nothing_twice(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 3)
    growing, pages = GrowingMinutes(books.place, ("one",)), history._pages
    for _ in range(10):
        books.paid("0.1")

    def broken(*given: Any) -> Iterator[list[Any]]:
        yield next(iter(pages(*given)))
        raise LedgerError("it is locked")

    period = (EIGHT, EIGHT + MINUTE_MS)
    with monkeypatch.context() as patched:
        patched.setattr(history, "_pages", broken)
        with pytest.raises(LedgerError):
            growing(*period)
    assert growing(*period) == minutes(books.place, ("one",), *period)
