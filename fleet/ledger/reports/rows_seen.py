"""Says how far a long reading of the ledger is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from fleet.ledger.migrations.run import ProgressShown

T = TypeVar("T")
#: rows between two words
_EVERY = 1_000


class RowsSeen:
    """Passes rows on, and counts them over all readings."""

    def __init__(self, words: str, total: int, shown: ProgressShown) -> None:
        """`shown` gets the words, how many rows were read, and the `total`."""
        self._words, self._total, self._shown = words, total, shown
        self._done = 0
        shown(words, 0, total)

    def __call__(self, rows: Iterable[T]) -> Iterator[T]:
        """The rows."""
        for row in rows:
            yield row
            self._done += 1
            if not self._done % _EVERY or self._done == self._total:
                self._shown(self._words, self._done, self._total)
